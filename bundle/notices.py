"""THIRD-PARTY-NOTICES: who made what is in the archive, and on which terms it may be used."""

from __future__ import annotations

from collections.abc import Iterable

from bundle.inside import Component

RULE = "=" * 80
HEAD = """\
kubectl-cafe is licensed under the Apache License 2.0 (see LICENSE). This archive also holds:
"""


def render(components: Iterable[Component]) -> str:
    """A list of all, then the texts of each."""
    components = list(components)
    lines = [HEAD, *(f"  {_title(one)}" for one in components), ""]
    for one in components:
        lines += [RULE, _title(one), RULE, ""]
        for text in one.texts or ("No text of a licence came with it.",):
            lines += [text, ""]
    return "\n".join(lines)


def _title(one: Component) -> str:
    return f"{one.name} {one.version}".strip() + (f" ({one.licence})" if one.licence else "")

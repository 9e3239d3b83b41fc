"""`repair`: what was found, what is done about it, and what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from kubectl_cafe.views.table import table


@dataclass(frozen=True)
class RepairLine:
    """One finding. `mend` is what repair does about it, empty: `hint` says what a person may."""

    what: str
    object: str
    found: str
    mend: str = ""
    hint: str = ""
    mended: bool = False


def render(lines: Sequence[RepairLine]) -> str:
    """The findings as a table; what each of them needs stands below its row's number."""
    rows = [(number, line.object, line.what, line.found) for number, line in enumerate(lines, 1)]
    parts = [table(("#", "object", "finding", "what is wrong"), rows), ""]
    for number, line in enumerate(lines, 1):
        text = f"repair would {line.mend}" if line.mend else f"left to you: {line.hint}"
        parts.append(f"{number}  {text}")
    return "\n".join(parts)


def document(name: str, namespace: str, lines: Sequence[RepairLine]) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml`."""
    return {
        "apiVersion": "cafe.sofastack.io/v1",
        "kind": "Repair",
        "name": name,
        "namespace": namespace,
        "findings": [asdict(line) for line in lines],
    }

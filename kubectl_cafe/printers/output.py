"""One result as text in the format of `-o`. Pure; every verb uses it.

A printer makes a Printable of its read model, and `text` makes each format from it. A format with
an argument (`jsonpath=...`) would belong here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

DATA = ("json", "yaml")
"""The formats for programs: always in UTF-8, and never fitted to a terminal."""


def _no_table(_wide: bool) -> str:
    return ""


class Printable(NamedTuple):
    """A result in the forms of -o, as functions: only the chosen form is computed.

    `documents` are the objects of json and yaml: one document, or several Kubernetes objects.
    `table` is what is printed without -o and, if called with True, for -o wide; "" prints nothing.
    `names` are the lines of -o name, `others` the text of further formats.
    """

    documents: Callable[[], Sequence[object]]
    table: Callable[[bool], str] = _no_table
    names: Callable[[], Iterable[str]] = tuple
    others: Mapping[str, Callable[[], str]] = {}


def text(shown: Printable, output: str | None) -> str:
    """`shown` in the format `output` (None: the table), with a line end; "" prints nothing."""
    match output:
        case "json":
            objects = shown.documents()
            many = {"apiVersion": "v1", "kind": "List", "items": objects}
            return _json(objects[0] if len(objects) == 1 else many, indent=2)
        case "yaml":
            return "---\n".join(map(_yaml, shown.documents()))
        case "name":
            return "".join(f"{name}\n" for name in shown.names())
        case None | "wide":
            table = shown.table(output == "wide")
            return f"{table}\n" if table else ""
        case _:
            return shown.others[output]().rstrip("\n") + "\n"


def event(shown: Printable, output: str | None) -> str:
    """`shown` as one of several results over time: JSON in one line, YAML after a `---`."""
    match output:
        case "json":
            return "".join(map(_json, shown.documents()))
        case "yaml":
            return f"---\n{text(shown, output)}"
        case _:
            return text(shown, output)


def unmatched(output: str, allowed: Iterable[str]) -> str:
    """The error for a format that a verb does not have, as kubectl words it."""
    return (
        f'unable to match a printer suitable for the output format "{output}", '
        f"allowed formats are: {','.join(sorted(allowed))}"
    )


def _yaml(value: Any) -> str:
    from kubectl_cafe import yamls

    return yamls.dump(value)


def _json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON; unprintable characters, such as control or direction marks, are escaped."""
    import json

    found = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    if found.isascii():
        return found
    shown = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in found)
    return "".join(shown)

"""`repair`: the findings, and for each the action of `repair` or the command of the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import table
from kubectl_cafe.text import cut, one_line, wrapped


@dataclass(frozen=True)
class RepairLine:
    """One finding. `mend`: the action of `repair`; if empty, `hint` is the command of the user.

    `mended`: repaired by this command.
    """

    what: str
    object: str
    found: str
    mend: str = ""
    hint: str = ""
    mended: bool = False


def render(lines: Sequence[RepairLine], *, wide: bool = False, width: int | None = None) -> str:
    """The findings as a table; below it, by row number, the action for each finding.

    `wide`: the actions are a column of the table. In a terminal of `width` columns each finding has
    lines of its own; a command stays whole, to be copied.
    """
    heads = ("#", "object", "finding", "what is wrong")
    rows = [(number, line.object, line.what, line.found) for number, line in enumerate(lines, 1)]
    if wide:
        wider = [(*row, _needs(line)) for row, line in zip(rows, lines, strict=True)]
        return table((*heads, "what is to be done"), wider)
    if width is not None:
        return "\n".join(_block(number, line, width) for number, line in enumerate(lines, 1))
    needs = [f"{number}  {_needs(line)}" for number, line in enumerate(lines, 1)]
    return "\n".join([table(heads, rows), "", *needs])


def _block(number: int, line: RepairLine, width: int) -> str:
    indent = " " * 3
    said = [*wrapped(one_line(line.found), width - len(indent))]
    said += wrapped(f"repair: {one_line(line.mend)}", width - len(indent)) if line.mend else []
    said += [] if line.mend else ["manual repair:", one_line(line.hint)]
    head = cut(one_line(f"{number:<3}{line.object}: {line.what}"), width)
    return "\n".join((head, *(f"{indent}{text}" for text in said)))


def _needs(line: RepairLine) -> str:
    return one_line(f"repair: {line.mend}" if line.mend else f"manual repair: {line.hint}")


def result(
    name: str, namespace: str, lines: Sequence[RepairLine], width: int | None = None
) -> Printable:
    """The output of `repair` in each format; `-o name`: the objects of the findings, each once."""
    return Printable(
        documents=lambda: [document(name, namespace, lines)],
        table=lambda wide: render(lines, wide=wide, width=width) if lines else "",
        names=lambda: dict.fromkeys(line.object for line in lines),
    )


def document(name: str, namespace: str, lines: Sequence[RepairLine]) -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md)."""
    content = {"name": name, "namespace": namespace, "findings": lines}
    return documents.document("Repair", content)

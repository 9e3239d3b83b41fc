"""`status` without a name: one line for each CafeDeployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kubectl_cafe.durations import age
from kubectl_cafe.names import PLURAL
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.document import fields_of
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import table
from kubectl_cafe.status.model import Overview


def render(
    lines: Sequence[Overview],
    *,
    spaces: bool,
    wide: bool = False,
    width: int | None = None,
    steady: bool = False,
) -> str:
    """A table; with `spaces` the namespace comes first, `wide` adds the release and its target.

    `steady`: the columns have room for any state, so that later lines fit below them.
    """
    heads = ["name", "state", "group", "pods", "updated", "ready", "for"]
    ranks = [0, 0, 0, 1, 2, 3, 0]
    if steady:
        # This row makes the columns wide enough for any state; it is removed again.
        ruler = replace(
            lines[0], state="AwaitingConfirm", problem="", deleted=False, spec_ahead=True
        )
        text = render([*lines, ruler], spaces=spaces, wide=wide, width=width)
        return text.rpartition("\n")[0]
    rows = [_row(line) for line in lines]
    if any(line.spec_ahead for line in lines):
        heads, ranks = [*heads[:2], "spec", *heads[2:]], [*ranks[:2], 0, *ranks[2:]]
        edited = ("edited" if line.spec_ahead else "" for line in lines)
        rows = [(*row[:2], spec, *row[2:]) for row, spec in zip(rows, edited, strict=True)]
    if wide:
        heads += ["release", "kind", "to", "started by"]
        more = [(line.release, line.kind, line.target, line.who) for line in lines]
        rows = [(*row, *rest) for row, rest in zip(rows, more, strict=True)]
        width = None
    if spaces:
        heads, ranks = ["namespace", *heads], [0, *ranks]
        rows = [(line.namespace, *row) for line, row in zip(lines, rows, strict=True)]
    # A problem in the column state may be cut, to the length of the longest state.
    least = {heads.index("state"): len("AwaitingConfirm")}
    return table(heads, rows, width=width, ranks=ranks, least=least)


def result(
    lines: Sequence[Overview], *, spaces: bool, width: int | None = None, steady: bool = False
) -> Printable:
    """The output of `status` without a name in each format."""
    return Printable(
        documents=lambda: [document(lines)],
        table=lambda wide: render(lines, spaces=spaces, wide=wide, width=width, steady=steady),
        names=lambda: [f"{PLURAL}/{line.name}" for line in lines],
    )


def change(line: Overview) -> Printable:
    """The document of `status -w` without a name for one CafeDeployment that has changed."""
    return Printable(documents=lambda: [item(line)])


def _row(line: Overview) -> tuple[object, ...]:
    counts = ("" if n is None else n for n in (line.pods, line.updated, line.ready))
    group = f"{line.group}/{line.groups}" if line.groups else ""
    state = "deleted" if line.deleted else line.problem or line.state
    return (line.name, state, group, *counts, age(line.age) if line.release else "")


def item(line: Overview) -> Mapping[str, object]:
    """One CafeDeployment, as the lines of `-w -o json` show it (docs/output.md)."""
    fields = fields_of(replace(line, age=round(line.age, 1)))
    shown = {"releaseKind" if key == "kind" else key: value for key, value in fields.items()}
    return documents.document("ReleaseOverview", shown)


def document(lines: Sequence[Overview]) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml` (docs/output.md)."""
    return documents.document("ReleaseOverviewList", {"items": [item(line) for line in lines]})

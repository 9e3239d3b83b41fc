"""`status` without a name: one line for each CafeDeployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kubectl_cafe.views import document as documents
from kubectl_cafe.views.document import fields_of
from kubectl_cafe.views.table import age, table


@dataclass(frozen=True)
class Overview:
    """One CafeDeployment and its release. `age` are the seconds in this state.

    State and group are the record's own; the pods are counted as `.status` last told them, None
    before it has told any. `spec_ahead`: the spec was edited and not released.
    `problem` says why the record can't be read.
    """

    name: str
    namespace: str
    state: str
    release: str = ""
    kind: str = ""
    group: int = 0
    groups: int = 0
    pods: int | None = None
    updated: int | None = None
    ready: int | None = None
    age: float = 0.0
    who: str = ""
    target: str = ""
    spec_ahead: bool = False
    problem: str = ""
    deleted: bool = False


def render(
    lines: Sequence[Overview],
    *,
    spaces: bool,
    wide: bool = False,
    width: int | None = None,
    steady: bool = False,
) -> str:
    """A table; with `spaces` the namespace comes first, `wide` adds the release and its target.

    `steady`: its columns have room for any state, so that later lines stand under them.
    """
    heads = ["name", "state", "group", "pods", "updated", "ready", "for"]
    ranks = [0, 0, 0, 1, 2, 3, 0]
    if steady:
        # Measured with them, and not shown.
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
    # What is wrong with a record is longer than any state.
    least = {heads.index("state"): len("AwaitingConfirm")}
    return table(heads, rows, width=width, ranks=ranks, least=least)


def _row(line: Overview) -> tuple[object, ...]:
    counts = ("" if n is None else n for n in (line.pods, line.updated, line.ready))
    group = f"{line.group}/{line.groups}" if line.groups else ""
    state = "deleted" if line.deleted else line.problem or line.state
    return (line.name, state, group, *counts, age(line.age) if line.release else "")


def news(before: Overview | None, after: Overview) -> bool:
    """Whether more than time has passed between the two."""
    return before is None or replace(before, age=0.0) != replace(after, age=0.0)


def item(line: Overview) -> Mapping[str, object]:
    """One of them, as the lines of `-w -o json` show it (docs/output.md)."""
    fields = fields_of(replace(line, age=round(line.age, 1)))
    shown = {"releaseKind" if key == "kind" else key: value for key, value in fields.items()}
    return documents.document("ReleaseOverview", shown)


def document(lines: Sequence[Overview]) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml` (docs/output.md)."""
    return documents.document("ReleaseOverviewList", {"items": [item(line) for line in lines]})

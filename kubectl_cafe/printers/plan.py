"""`plan`: the groups cell by cell, the template's difference, the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubectl_cafe.planning.plan import FindingLine, PlanView, StepLine
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.text import columns, counted, cut, hanging, one_line, padded, printable, wrapped
from statemachine.steps import StepKind

FEW = 6
"""The most names that are listed on output without a width; the others are counted."""
NARROWEST = 24
"""The columns that names need at the end of a table's row; with fewer, they are below the row."""


def render(plan: PlanView, *, width: int | None = None, wide: bool = False) -> str:
    """The whole plan as text; `wide`: every pod, and every check that passed in full."""
    parts = [_head(plan, width)]
    if plan.changes or plan.others:
        parts.append(_changes(plan, width))
    if plan.needed:
        parts.append(_groups(plan.steps, width, wide))
    parts.append("\n".join(_findings(plan.findings, width, wide)))
    return "\n\n".join(part for part in parts if part)


def _head(plan: PlanView, width: int | None) -> str:
    place = ", in place" if plan.upgrades else ""
    if plan.others:
        place = ", not possible in place"
    return fields(
        [
            ("Name", f"{plan.name} (namespace {plan.namespace})"),
            ("Context", plan.context),
            (
                "Release",
                plan.kind + place if plan.needed else "nothing to do: already at the target",
            ),
            ("From", plan.source if plan.needed else ""),
            ("To", plan.target),
            ("Unavailable", f"at most {plan.max_unavailable} at a time" if plan.upgrades else ""),
            *(("Budget", budget) for budget in plan.budgets),
            ("Confirmations", "between groups" if plan.confirmations else "none"),
        ],
        width=width,
    )


def _changes(plan: PlanView, width: int | None) -> str:
    rows = [(one_line(c.path), _value(c.old), _value(c.new)) for c in plan.changes]
    text = table(("change", "from", "to"), rows) if rows else ""
    if width is not None and any(len(line) > width for line in text.splitlines()):
        text = "\n".join(f"{path}\n  from  {old}\n  to    {new}" for path, old, new in rows)
    not_in_place = [f"not in place: {one_line(path)}" for path in plan.others]
    return "\n".join([*([text] if text else []), *not_in_place])


def _value(text: str | None) -> str:
    """A value of the template in one line that shows where the value's lines end."""
    return one_line((text or "-").replace("\n", "\\n"))


def _groups(steps: Sequence[StepLine], width: int | None, wide: bool) -> str:
    """One row a group and cell; the pod names are cut to what fits, unless `wide`."""
    rows: list[tuple[object, ...]] = []
    names: list[tuple[str, ...]] = []
    meanings: list[str] = []
    for step in steps:
        for cell in step.cells:
            count = f"{cell.done}/{cell.size}"
            rows.append((step.kind, step.group, cell.cell or "(all)", cell.takes, count))
            names.append(cell.pods)
        if not step.cells:
            rows.append((step.kind, "", "", "", ""))
            names.append(())
        meanings += [StepKind(step.kind).meaning] * max(1, len(step.cells))
    head, *lines = table(("step", "group", "cell", "takes", "done"), rows).splitlines()
    start = max(map(columns, (head, *lines))) + 2
    shown = [padded(head, start) + "PODS" if any(names) else head]
    for line, pods, meaning in zip(lines, names, meanings, strict=True):
        clean = [one_line(pod) for pod in pods]
        explained = cut(padded(line, start) + f"({meaning})", width) if meaning else line
        shown.append(_beside(line, clean, start, width, wide) if pods else explained)
    return "\n".join(shown)


def _beside(line: str, pods: Sequence[str], start: int, width: int | None, wide: bool) -> str:
    """The table's line with the pod names behind it, or below it if there is no room."""
    if width is None:
        return padded(line, start) + (", ".join(pods) if wide else _first(pods, FEW))
    room, first, rest = width - start, padded(line, start), " " * start
    if room < NARROWEST:
        room, first, rest = width - 2, f"{line}\n  ", "  "
    if not wide:
        return first + folded(pods, room)
    return first + f"\n{rest}".join(wrapped(", ".join(pods), room))


def folded(names: Sequence[str], room: int) -> str:
    """As many of the names as fit into `room` columns, and the number of the others."""
    shown = len(names)
    while shown > 0 and len(_first(names, shown)) > room:
        shown -= 1
    return _first(names, shown)


def _first(names: Sequence[str], shown: int) -> str:
    more = len(names) - shown
    if more <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {more} more" if shown else counted(more, "pod")


def _findings(found: Sequence[FindingLine], width: int | None, wide: bool) -> Iterator[str]:
    fine = [finding for finding in found if finding.level == "ok"]
    for finding in found:
        if finding.level != "ok":
            yield _finding(finding, width)
    if fine and not wide:
        checks = dict.fromkeys(finding.check for finding in fine)
        yield _hanging(f"ok: {', '.join(checks)}", width)
    elif fine:
        yield "\n".join(_finding(finding, width) for finding in fine)


def _finding(finding: FindingLine, width: int | None) -> str:
    lines = [_hanging(f"{finding.level}: {finding.message}", width)]
    if finding.where and finding.level == "refused":
        lines.append(_hanging(f"  where: {finding.where}", width))
    if finding.hint:  # A command stays whole, to be copied.
        lines.append(f"  next:  {one_line(finding.hint)}")
    return "\n".join(lines)


def _hanging(text: str, width: int | None) -> str:
    """`text` in one line, or broken at `width` with its further lines indented."""
    indent = text[: len(text) - len(text.lstrip())]
    whole = indent + " ".join(printable(text).split())
    return whole if width is None else hanging(whole, width)


def result(plan: PlanView, width: int | None) -> Printable:
    """The output of `plan` in each format."""
    return Printable(
        documents=lambda: [document(plan)],
        table=lambda wide: render(plan, width=width, wide=wide),
        names=lambda: names(plan),
    )


def names(plan: PlanView) -> list[str]:
    """`pod/NAME` of every pod that is upgraded or removed, in the plan's order."""
    return [f"pod/{pod}" for step in plan.steps for cell in step.cells for pod in cell.pods]


def document(plan: PlanView) -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md)."""
    shown = documents.fields_of(plan)
    head = {key: shown.pop(key) for key in ("name", "namespace", "context")}
    answers = {
        "releaseKind": shown.pop("kind"),  # `kind` is the document's own.
        "refused": plan.refused,
        "inPlace": shown.pop("upgrades") and not plan.others,
    }
    not_in_place = {"notInPlace": shown.pop("others")}
    return documents.document("ReleasePlan", head | answers | shown | not_in_place)

"""The timeline: a bar for each pod, by group and cell, on one axis; and the same as a table.

A cell of a group is one strip with a stripe for each pod; it opens to one row for each pod. All
texts are in the table, so the drawing has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kubectl_cafe.durations import age
from kubectl_cafe.history.report_model import Group, Mark, Passage, Report, Span, What
from kubectl_cafe.printers.html.axis import WIDTH, Axis, axis
from kubectl_cafe.printers.html.markup import Markup, element, join, table
from kubectl_cafe.printers.html.words import clock, label
from kubectl_cafe.text import counted
from kubectl_cafe.times import UNKNOWN

OPEN = 40
"""Up to this number of pods, the rows of all pods are open at first."""
SLIVER = 3.0
"""The least width at which a span is drawn: a narrower one could not be seen."""
LANES, LANE = 3, 24.0
"""LANES rows for the numbers of marks: marks nearer than LANE are drawn in different rows."""


def timeline(report: Report) -> Markup:
    """The drawing, its legend, the texts of the marks, and the table."""
    passages = [passage for group in report.groups for passage in group.passages]
    busy = [(s.start, s.end) for p in passages for s in p.spans]
    busy += [(s.start, s.end) for s in report.states if s.what is What.RUNNING]
    scale = axis(report.started, report.until, busy)
    whole = element(
        "div",
        element("span", report.kind, class_="name"),
        _strip([report.states], scale, "The release"),
        element("span", age(report.until - report.started), class_="took"),
        class_="row release",
    )
    drawing = element(
        "div",
        _axis(scale, report.marks),
        _lines(scale, report.marks),
        whole,
        *(_group(group, scale, len(passages) <= OPEN) for group in report.groups),
        class_="timeline",
    )
    return join([drawing, _legend(report, passages), _marks(report), _table(report)])


# The axis


def _axis(scale: Axis, marks: Sequence[Mark]) -> Markup:
    """The row of the axis: labels of times, and the number of each mark."""
    labels = (
        element("span", label(at, scale.start), class_="tick", style=_left(place))
        for at, place in scale.ticks()
    )
    numbers = (
        element(
            "a",
            str(number),
            href=f"#mark-{number}",
            class_="flag bad" if mark.bad else "flag",
            style=f"{_left(place)};--lane:{lane}",
            title=f"{clock(mark.at, scale.start)} {mark.text}",
        )
        for number, (mark, place, lane) in enumerate(_in_lanes(scale, marks), start=1)
    )
    plot = element("span", *labels, *numbers, class_="plot")
    lanes = max((lane for *_, lane in _in_lanes(scale, marks)), default=-1) + 1
    return element(
        "div", element("span"), plot, element("span"), class_="row axis", style=f"--lanes:{lanes}"
    )


def _in_lanes(scale: Axis, marks: Iterable[Mark]) -> Iterator[tuple[Mark, float, int]]:
    last = [-LANE] * LANES
    for mark in marks:
        place = scale.place(mark.at)
        lane = next((n for n in range(LANES) if place - last[n] >= LANE), LANES - 1)
        last[lane] = place
        yield mark, place, lane


def _lines(scale: Axis, marks: Iterable[Mark]) -> Markup:
    """A line through all rows for each mark, and the stretches that the axis cuts short."""
    cuts = (
        element(
            "span",
            element("span", age(piece.end - piece.start)),
            class_="cut",
            style=f"{_left(piece.left)};width:{_percent(piece.right - piece.left)}",
        )
        for piece in scale.pieces
        if piece.cut
    )
    lines = (
        element("span", class_="at bad" if m.bad else "at", style=_left(scale.place(m.at)))
        for m in marks
    )
    return element("div", *cuts, *lines, class_="lines", aria_hidden="true")


# Groups, cells and pods


def _group(group: Group, scale: Axis, opened: bool) -> Markup:
    """The heading of a group, and a strip for each cell."""
    head = element(
        "h3",
        element("span", group.title),
        " ",
        element("small", _said(group, scale.start)),
        class_="group",
    )
    cells = (
        _cell(cell, [p for p in group.passages if p.cell == cell], scale, opened)
        for cell in group.cells()
        if any(p.cell == cell for p in group.passages)
    )
    return element("section", head, *cells)


def _said(group: Group, day: float) -> str:
    """Start and duration of the group, its number of pods, and the user who confirmed it."""
    planned = sum(group.counts.values())
    found = len(group.passages)
    pods = counted(found, "pod")
    pods = f"{found} of {counted(planned, 'pod')}" if planned and planned != found else pods
    if not group.number:
        return counted(found, "pod")
    if not group.begun:
        return f"{counted(planned, 'pod')}, not started"
    if not found and (group.over or group.given_up):
        pods = "no pod data"
    unended = "abandoned" if group.given_up else "under way"
    took = age(group.over - group.begun) if group.over else unended
    return ", ".join(part for part in (pods, clock(group.begun, day), took, group.let_go) if part)


def _cell(cell: str, passages: Sequence[Passage], scale: Axis, opened: bool) -> Markup:
    """One strip of all pods of the cell, and below it a row for each."""
    name = cell or "all pods"
    longest = max((p.out for p in passages if p.out is not None), default=None)
    bad = sum(bool(p.trouble) for p in passages)
    label = f"{name} · {len(passages)}" + (f" · {bad} in trouble" if bad else "")
    strip = _strip([p.spans for p in passages], scale, f"{counted(len(passages), 'pod')} of {name}")
    summary = element(
        "summary",
        element("span", label, class_="name"),
        strip,
        element("span", age(longest), class_="took"),
        class_="row cell",
    )
    rows = (
        element(
            "div",
            element("span", passage.pod, class_="name", title=passage.pod),
            _strip([passage.spans], scale, f"{passage.pod}: {passage.stands}"),
            element("span", age(passage.out), class_="took"),
            class_="row pod bad" if passage.trouble else "row pod",
        )
        for passage in passages
    )
    return element("details", summary, *rows, open=opened)


def _strip(rows: Sequence[Sequence[Span]], scale: Axis, title: str) -> Markup:
    """The spans of each row as stripes of one picture, stretched to the width of the axis."""
    shapes = (_shape(span, scale, line) for line, spans in enumerate(rows) for span in spans)
    return element(
        "svg",
        element("title", title),
        *shapes,
        viewBox=f"0 0 {WIDTH:g} {max(1, len(rows))}",
        preserveAspectRatio="none",
        class_="plot",
        role="img",
    )


def _shape(span: Span, scale: Axis, line: int) -> Markup:
    left, right = scale.place(span.start), scale.place(span.end)
    width = max(SLIVER, right - left)
    lasting = age(span.end - span.start)
    said = f"{span.text or span.what}, {clock(span.start, scale.start)}, {lasting}"
    return element(
        "rect",
        element("title", said),
        class_=span.what.name.lower(),
        x=f"{min(left, WIDTH - width):.1f}",
        y=line,
        width=f"{width:.1f}",
        height=1,
    )


# Words


def _legend(report: Report, passages: Iterable[Passage]) -> Markup:
    """The colours that occur in the drawing."""
    spans = [*report.states, *(span for passage in passages for span in passage.spans)]
    seen = {span.what for span in spans}
    keys = (
        element("li", element("span", class_=f"key {what.name.lower()}"), what.value)
        for what in What
        if what in seen
    )
    return element("ul", *keys, class_="legend")


def _marks(report: Report) -> Markup | str:
    """The texts of the numbered marks on the axis."""
    if not report.marks:
        return ""
    rows = (
        element(
            "li",
            element("span", str(number), class_="flag bad" if mark.bad else "flag"),
            element("time", clock(mark.at, report.started)),
            " ",
            mark.text,
            id=f"mark-{number}",
        )
        for number, mark in enumerate(report.marks, start=1)
    )
    return element("ol", *rows, class_="marks")


def _table(report: Report) -> Markup | str:
    """The timeline as a table, for screen readers and for copying."""
    heads = (
        *("Group", "Cell", "Pod", "Created", "Traffic off", "Image written", "Written again"),
        *("Running", "Traffic on", "Ready", "Out of traffic for", "Status"),
    )
    rows = [
        (
            group.title,
            p.cell or UNKNOWN,
            p.pod,
            *(
                clock(at, report.started)
                for at in (p.born, p.off, p.patched, p.again, p.runs, p.on, p.ready)
            ),
            age(p.out),
            p.stands,
        )
        for group in report.groups
        for p in group.passages
    ]
    if not rows:
        return ""
    kept = [n for n, _ in enumerate(heads) if any(row[n] != UNKNOWN for row in rows)]
    shown = table(
        [heads[n] for n in kept],
        [[row[n] for n in kept] for row in rows],
        "All pods, by time (UTC)",
    )
    summary = element("summary", "The timeline as a table")
    return element("details", summary, shown, class_="aside")


def _left(place: float) -> str:
    return f"left:{_percent(place)}"


def _percent(place: float) -> str:
    return f"{place / WIDTH * 100:.2f}%"

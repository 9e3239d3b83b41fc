"""The live view of a release: the most urgent lines, in the rows that a terminal has.

Pure: a Status and a size in, lines out. It needs `rich`, which loads slowly, so callers import this
module only before they draw.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from kubectl_cafe.durations import age
from kubectl_cafe.printers.brief import awaited, group_progress, revisions
from kubectl_cafe.printers.changes import changes_text
from kubectl_cafe.printers.fitting import Block, fitted
from kubectl_cafe.printers.status import NO_DRIVER, about, at_work, driven, stands, urgency
from kubectl_cafe.printers.table import table
from kubectl_cafe.status.model import CellLine, PodLine, Status
from kubectl_cafe.text import Size, columns, cut, cut_inside, one_line, padded, wrapped

DONE, MOVING, AHEAD = "█", "▒", "░"
LONGEST_BAR, SHORTEST_BAR = 40, 6
SHORTEST_NAMES = 30
"""The columns that name and namespace get at least; with fewer the title leaves out the group."""
STYLES = {
    "Progressing": "bold cyan",
    "RollingBack": "bold magenta",
    "AwaitingConfirm": "bold yellow",
    "Paused": "bold yellow",
    "Failed": "bold red",
    "Aborting": "bold red",
    "Aborted": "bold red",
    "Completed": "bold green",
    "RolledBack": "bold green",
}
TEXT_ROWS = 4
"""The most rows for the waits, for a failure, and for the notes, each."""


def lines(status: Status, size: Size, *, question: str = "") -> list[Text]:
    """The view of `status`, never longer or wider than `size`; a `question` is its last line."""
    width = size.width
    title, times = _title(status, width), _times(status)
    beside = title.cell_len + len(times) + 2 <= width
    if beside:
        title.append(" " * (width - title.cell_len - len(times)) + times, "not bold")
    title.truncate(width, overflow="ellipsis")
    cells, pods = _cells(status, width), _pods(status, size)
    following = [Text(cut(f"Next: {command}", width)) for command in status.next]
    blocks = [
        Block([title], 0),
        Block([Text(cut(times, width))] if times and not beside else [], 4),
        Block(_texts("", _versions(status, width), "", width, 2), 1),
        Block([_driver(status, width)], 4),
        Block(_texts("Failure: ", status.failure, "red", width), 2),
        Block(
            _texts("Waiting for: ", awaited(status.waits, status.failure), "yellow", width),
            3,
        ),
        Block(_texts("Note: ", "; ".join(status.notes), "", width), 8, 0),
        _blank(cells),
        Block(cells, 5, 2, "cells"),
        _blank(pods.lines),
        pods,
        _blank(following),
        Block(following, 4, 1),
        Block([Text(cut(question, width), "bold")] if question else [], 1),
    ]
    found = fitted(blocks, size.height, width)
    for line in found:
        # `truncate` counts columns, because a character may be two columns wide.
        line.truncate(width, overflow="ellipsis")
    return found


def _blank(of: Sequence[object]) -> Block:
    return Block([Text("")] if of else [], 9, 0)


def _tidy(text: str) -> str:
    return " ".join(one_line(text).split())


def _texts(label: str, text: str, style: str, width: int, rows: int = TEXT_ROWS) -> list[Text]:
    """`text` after its label, wrapped with a hanging indent, in at most `rows` lines."""
    text = _tidy(text)
    if not text.strip(" ->"):
        return []
    indent = " " * len(label)
    parts = wrapped(text, width - len(label), rows)
    starts = [label, *[indent] * (len(parts) - 1)]
    return [
        Text(cut(start + part, width), style) for start, part in zip(starts, parts, strict=True)
    ]


def _title(status: Status, width: int) -> Text:
    """The name and namespace, the state, and the group.

    Where not all of them fit, names are cut, the namespace's first. The group is left out before
    names get too short to be distinguished; the state always stays.
    """
    name, namespace, state = _tidy(status.name), _tidy(status.namespace), stands(status)
    group = f" ({at_work(status)})" if status.group else ""
    room = width - columns(state) - len(" -n   ")
    if room - len(group) < min(columns(name) + columns(namespace), SHORTEST_NAMES):
        group = ""
    room -= len(group)
    namespace = cut_inside(namespace, max(room // 3, room - columns(name)))
    title = Text(cut_inside(name, max(1, room - columns(namespace))), "bold")
    title.append(f" -n {namespace}  ", "not bold dim")
    title.append(state, STYLES.get(status.state, "bold"))
    title.append(group, "not bold")
    return title


def _versions(status: Status, width: int) -> str:
    """The images that change and, where there is room, the revisions before and after."""
    if not status.changes:
        return f"{status.source} -> {status.target}"
    images = changes_text(status.changes)
    whole = f"{images} ({revisions(status.source, status.target)})"
    return whole if columns(whole) <= width else images


def _times(status: Status) -> str:
    """How long the release has taken, and its estimated remaining time."""
    parts = [f"{age(status.elapsed)} elapsed" if status.release else "", about(status)]
    return ", ".join(part for part in parts if part) + (" left" if parts[1] else "")


def _driver(status: Status, width: int) -> Text:
    """The driver, and the user who began the release; a missing driver is highlighted."""
    why = f": {status.why}" if status.why else ""
    begun = f"{status.kind} by {status.who}{why} ({status.release})" if status.release else ""
    if status.turned:
        # The user who rolled the release back, and the one who had started it, each with a reason.
        begun = f"{status.kind} by {status.turned}; started by {status.who}{why} ({status.release})"
    undriven = status.driver == NO_DRIVER
    line = Text("")
    if status.driver:
        words = "no driver" if undriven else f"driven by {_tidy(driven(status))}"
        line.append(words, "bold yellow" if undriven else "")
    line.append(("; " if status.driver and begun else "") + _tidy(begun), "dim")
    line.truncate(width, overflow="ellipsis")
    return line


def _cells(status: Status, width: int) -> list[Text]:
    """One progress bar a cell, and its counts; counts are dropped before the bar gets too short."""
    wide = max((columns(_cell_name(cell)) for cell in status.cells), default=0)
    texts = [_counts(status, cell) for cell in status.cells]
    counted = len(texts[0]) if texts else 0
    while counted > 1:
        widths = [max(len(text[n]) for text in texts) for n in range(counted)]
        bar = width - wide - 2 - sum(widths) - 2 * counted
        if bar >= min(LONGEST_BAR, max(SHORTEST_BAR, width // 4)):
            break
        counted -= 1
    else:
        widths = [max((len(text[0]) for text in texts), default=0)]
        bar = width - wide - 4 - sum(widths)
    size = max(0, min(LONGEST_BAR, bar))
    result: list[Text] = []
    for cell, counts in zip(status.cells, texts, strict=True):
        line = Text(padded(_cell_name(cell), wide + 2))
        line.append_text(_bar(cell, size))
        for number in range(counted):
            style = "dim" if number > 1 else ""
            line.append(f"  {counts[number]:<{widths[number]}}", style)
        line.truncate(width)
        line.rstrip()
        result.append(line)
    return result


def _cell_name(cell: CellLine) -> str:
    return _tidy(cell.cell) or "all pods"


def _counts(status: Status, cell: CellLine) -> list[str]:
    """The counts of a cell as texts, the most important first."""
    group = status.group if 0 < status.group <= len(cell.groups) else 0
    return [
        f"{cell.updated}/{cell.pods}",
        f"{cell.in_flight} in flight",
        f"group {group}: {group_progress(cell, group, group)}" if any(cell.groups[:group]) else "",
        f"{cell.available} available",
    ]


def _bar(cell: CellLine, size: int) -> Text:
    """The bar of a cell: its upgraded pods, those in flight, and those to come.

    A count above 0 has at least one character.
    """
    total = max(1, cell.pods, *cell.groups)
    done = _share(cell.updated, total, size)
    moving = min(size - done, _share(min(cell.in_flight, total - cell.updated), total, size))
    text = Text(DONE * done, "green")
    text.append(MOVING * moving, "yellow")
    text.append(AHEAD * (size - done - moving), "dim")
    return text


def _share(count: int, total: int, size: int) -> int:
    """`count` of `total` in characters: 0 only for no pod, `size` only for all pods."""
    if count <= 0:
        return 0
    if count >= total:
        return size
    return min(size - 1, max(1, round(size * count / total)))


def _pods(status: Status, size: Size) -> Block:
    """The rows of pods in trouble, in flight, or of the current group, the most urgent first."""
    pods = sorted((p for p in status.pods if urgency(p) < urgency(_WELL)), key=urgency)
    shown, beyond = pods[: size.height], len(pods[size.height :])
    facts = ((p.name, _stage(p), p.revision, p.restarts, p.node, p.ip) for p in shown)
    rows = [[_tidy(str(fact)) for fact in row] for row in facts]
    heads = ("pod", "stage", "revision", "restarts", "node", "ip")
    ranks = (0, 0, 1, 2, 3, 4)
    head, *lines = table(heads, rows, width=size.width, ranks=ranks).splitlines()
    texts = [Text(line, _style(pod)) for line, pod in zip(lines, shown, strict=True)]
    both = [Text(head, "dim"), *texts] if texts else []
    return Block(both, 6, 2, "pods", heads=1, beyond=beyond)


_WELL = PodLine("", "", True, True, "", "", "", 0, "", "")


def _stage(pod: PodLine) -> str:
    """The pod's progress and its trouble, as text."""
    words = {"drained": "leaving traffic", "patched": "restarting"}
    if pod.stage:
        stage = pod.stage
    elif pod.phase:
        stage = words.get(pod.phase, pod.phase)
    elif not pod.ready:
        stage = "not ready"
    elif pod.updated:
        stage = "done" if pod.available else "within minReadySeconds"
    else:
        stage = "as before"
    return f"{stage}: {pod.trouble}" if pod.trouble else stage


def _style(pod: PodLine) -> str:
    if pod.trouble:
        return "red"
    return "yellow" if pod.phase or not pod.ready else ""

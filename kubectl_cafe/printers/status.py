"""`status`: cells by groups by pods, what the release waits for, and its driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kubectl_cafe.durations import age
from kubectl_cafe.names import PLURAL
from kubectl_cafe.printers import brief
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.document import fields_of
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.status.model import PodLine, Status
from kubectl_cafe.text import Size, cut
from kubectl_cafe.waits import listed, texts

FEW = 20
"""Up to this number all pods are shown; of more, only those in flight, in trouble or not ready."""
PROMPT = 1
"""The rows of the terminal that the shell's prompt takes."""
SOME = 50
"""The most pods in flight or in trouble that are shown; `-o wide` shows all."""


NO_DRIVER = "nobody"
"""The driver in a Status of an unfinished release without a driver, as `-o json` has it."""
DURATIONS = ("age", "elapsed", "remaining", "renewed")
"""Fields of a Status that change with time alone, in seconds."""


def render(status: Status, *, wide: bool = False, size: Size | None = None) -> str:
    """The whole view; with `wide` every pod and its address.

    In a terminal of `size` long texts are wrapped, and cut as far as needed; tables lose columns,
    and pods in trouble or in flight get the rows before others. Without a size (a pipe) every line
    is whole.
    """
    if size is None or wide:
        return _rendered(status, wide, size.width if size else None)
    rows = size.height - PROMPT
    text = ""
    for most in (4, 3, 2, 1):
        text = _rendered(status, wide, size.width, most, rows)
        if brief.rows(text, size.width) <= rows:
            break
    return text


def _rendered(
    status: Status,
    wide: bool,
    width: int | None,
    most: int | None = None,
    height: int | None = None,
) -> str:
    """The view in lines of `width`, texts of `most` lines at most, within `height` if possible."""
    parts = [_head(status, width, most)]
    if status.cells:
        parts.append(cells(status, width))
    used = sum(brief.rows(part, width) + 1 for part in parts)
    # The table's own head is one more row.
    room = max(3, height - used - 1) if height is not None else None
    if shown := _pods(status, wide, width, room):
        parts.append(shown)
    return "\n\n".join(parts)


def _head(status: Status, width: int | None, most: int | None) -> str:
    step = f" ({at_work(status)})" if status.group else ""
    yet = "" if status.notes else " yet"
    return fields(
        [
            ("Name", f"{status.name} (namespace {status.namespace})"),
            ("State", f"{stands(status)}{step} for {age(status.age)}" if status.release else ""),
            ("State", "" if status.release else f"{status.state}: no release{yet}"),
            ("Release", f"{status.release} {status.kind}" if status.release else ""),
            *brief.versions(status.source, status.target, status.changes, most and width),
            ("Started by", status.who + (f": {status.why}" if status.why else "")),
            ("Rolled back by", status.turned if status.turned not in status.last else ""),
            ("Last action", status.last),
            ("Driver", driven(status)),
            ("Remaining", about(status)),
            ("Failure", status.failure),
            (
                "Waiting for",
                brief.awaited(status.waits, status.failure if most else ""),
            ),
            ("Note", "; ".join(status.notes)),
            *(("Next", command) for command in status.next),
        ],
        width=width,
        most=most,
    )


def stands(status: Status) -> str:
    """The state, and the state before it if that is recorded."""
    return f"{status.state} (from {status.origin})" if status.origin else status.state


def at_work(status: Status) -> str:
    """The current group, the number of groups, and what the current step does; "" for none."""
    return f"group {status.group} of {status.groups}: {status.step}" if status.group else ""


def driven(status: Status) -> str:
    """The driver, and how long ago it renewed its lease; "none" without a driver."""
    if status.renewed is None:
        return "none" if status.driver == NO_DRIVER else status.driver
    return f"{status.driver} (lease renewed {age(status.renewed)} ago)"


def about(status: Status) -> str:
    """The estimated remaining time; "" if it is not known."""
    return "" if status.remaining is None else f"about {age(status.remaining)}"


def cells(status: Status, width: int | None = None) -> str:
    """One row a cell, one column a group; columns far from the current group are dropped first."""
    numbers = range(1, status.groups + 1)
    rows = [
        (
            line.cell or "(all)",
            line.pods,
            line.updated,
            line.available,
            line.in_flight,
            *(brief.group_progress(line, number, status.group) for number in numbers),
        )
        for line in status.cells
    ]
    heads = ("cell", "pods", "updated", "available", "in flight")
    ranks = (0, 0, 0, 1, 2, *(3 + abs(status.group - number) for number in numbers))
    groups = (f"group {number}" for number in numbers)
    return table((*heads, *groups), rows, width=width, ranks=ranks)


def odd(pod: PodLine) -> bool:
    """Whether the pod is in flight, in trouble or not ready."""
    return bool(pod.phase or pod.trouble or not pod.ready)


def urgency(pod: PodLine) -> int:
    """The rank of a pod, 0 first: in trouble, in flight, not ready, of the current group, other."""
    reasons = (pod.trouble, pod.phase, not pod.ready, pod.current)
    return next((place for place, holds in enumerate(reasons) if holds), len(reasons))


def most_urgent(pods: Sequence[PodLine], room: int) -> Sequence[PodLine]:
    """The `room` most urgent pods, in the order of `pods`."""
    if len(pods) <= room:
        return pods
    places = sorted(range(len(pods)), key=lambda place: urgency(pods[place]))
    return [pods[place] for place in sorted(places[:room])]


def _pods(status: Status, wide: bool, width: int | None, room: int | None) -> str:
    everyone = wide or len(status.pods) <= FEW
    lines = [pod for pod in status.pods if everyone or odd(pod)]
    if not lines:
        return ""
    most = len(lines) if wide else min(SOME, room or SOME)
    left = len(lines) - most if len(lines) > most else 0
    # The line that counts the other pods takes a row of its own.
    shown = most_urgent(lines, most - 1 if left and room else most)
    text = pods_table(shown, wide=wide, width=width)
    left = len(lines) - len(shown)
    return f"{text}\n{cut(f'... and {left} more (-o wide shows all)', width)}" if left else text


def pods_table(pods: Sequence[PodLine], *, wide: bool = False, width: int | None = None) -> str:
    """One row a pod; the column of the trouble is never dropped."""
    heads = ["pod", "revision", "ready", "available", "in place", "restarts", "ip"]
    ranks = [0, 1, 0, 2, 0, 3, 4]
    rows: list[tuple[object, ...]] = []
    for pod in pods:
        ready = ("yes" if pod.ready else "no", "yes" if pod.available else "no")
        row = (pod.name, pod.revision, *ready, pod.stage or pod.phase, pod.restarts, pod.ip)
        rows.append((*row, pod.node, pod.images, pod.trouble) if wide else (*row, pod.trouble))
    heads += ["node", "images", "trouble"] if wide else ["trouble"]
    return table(heads, rows, width=None if wide else width, ranks=ranks)


def result(status: Status, size: Size | None) -> Printable:
    """The output of `status NAME` in each format."""
    return Printable(
        documents=lambda: [document(status)],
        table=lambda wide: render(status, wide=wide, size=size),
        names=lambda: [f"{PLURAL}/{status.name}"],
    )


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def news(before: Status, after: Status) -> bool:
    """Whether `after` differs from `before` in more than its time and DURATIONS."""
    return _timeless(before) != _timeless(after)


def _timeless(status: Status) -> Status:
    return replace(status, time="", age=0.0, elapsed=0.0, remaining=None, renewed=None)


def line(status: Status) -> str:
    """The status in one line, for output that is not a live view."""
    step = f" ({at_work(status)})" if status.group else ""
    counts = (f"{c.cell or 'all'} {c.updated}/{c.pods}" for c in status.cells)
    parts = [f"{stands(status)}{step}", " ".join(counts)]
    parts += [listed(status.waits), status.failure if not status.waits else ""]
    return "  ".join(part for part in parts if part)


def document(status: Status) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml` (docs/output.md)."""
    times = {name: _tenths(getattr(status, name)) for name in DURATIONS}
    # `kind` is the document's own, as in every Kubernetes object.
    shown = {"releaseKind" if k == "kind" else k: v for k, v in fields_of(status).items()}
    words = {"waits": texts(status.waits)}
    return documents.document("ReleaseStatus", {**shown, **words, **times})

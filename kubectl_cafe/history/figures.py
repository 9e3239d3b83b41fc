"""The figures of a release: numbers of pods, durations, writes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from kubectl_cafe.durations import age
from kubectl_cafe.history.pod_timeline import Frame
from kubectl_cafe.history.report_model import Group, Passage, Phase, Span, What
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.revisions.template import difference
from statemachine.record import Record


def restarted(source: Revision | None, target: Revision | None) -> int | None:
    """The number of containers per pod whose image changes; None: a revision is not known."""
    if source is None or target is None:
        return None
    return len(difference(source.template, target.template).images)


def facts(
    record: Record | None,
    groups: Sequence[Group],
    states: Sequence[Span],
    frame: Frame,
    restarts: int | None,
) -> dict[str, str]:
    """The figures as text, by their labels; figures that are not known are left out.

    `restarts` is the number of containers per pod that are restarted (`restarted`).
    """
    passages = [passage for group in groups for passage in group.passages]
    waited = sum(span.end - span.start for span in states if span.what is What.WAITING)
    anew = sum(bool(p.patched and (p.runs or p.on or p.ready)) for p in passages)
    total = record.plan.pods(record.kind) if record else 0
    writes = sum(passage.writes for passage in passages)
    known = {
        "Pods": str(total) if record else "",
        "Pods that tell of it": ""
        if len(passages) == total or frame.under_way
        else str(len(passages)),
        "Cells": str(len({p.cell for p in passages} | set(record.plan.cells if record else ()))),
        "Groups": str(sum(bool(group.number) for group in groups)),
        "So far" if frame.under_way else "Took": age(frame.until - frame.start),
        "Waited for people": age(waited) if waited else "",
        "Restarts": str(anew * restarts) if restarts is not None else "",
        "Writes to pods": str(writes) if passages else "",
        "Writes a pod": f"{writes / len(passages):.2f}" if passages else "",
    }
    return {name: value for name, value in known.items() if value}


def phases(passages: Iterable[Passage]) -> Iterator[Phase]:
    """The median and maximum duration of each phase, for pods whose times of it are known."""
    passages = tuple(passages)
    ways: Mapping[str, list[tuple[float, float]]] = {
        "Traffic off, until the image is written": [(p.off, p.patched) for p in passages],
        "Image written, until it runs": [(p.again or p.patched, p.runs) for p in passages],
        "Runs, until traffic is on": [(p.runs, p.on) for p in passages],
        "Traffic on, until Ready": [(p.on, p.ready) for p in passages],
        "Created, until Ready": [(p.born, p.ready) for p in passages],
        "Out of traffic in total": [(p.off, p.ready or p.on) for p in passages],
    }
    for name, ends in ways.items():
        took = [end - start for start, end in ends if start and end]
        if took:
            yield Phase(name, len(took), median(took), max(took))

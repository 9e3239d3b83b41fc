"""`status`: cells by groups by pods, what is waited for, and who drives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from kubectl_cafe.views.table import age, fields, table

FEW = 20
"""Up to so many pods are all shown; of more only those in flight or in trouble."""


@dataclass(frozen=True)
class PodLine:
    """One pod. `revision` is a number, ? for unknown images; `phase` its own record's."""

    name: str
    cell: str
    ready: bool
    available: bool
    revision: str
    images: str
    phase: str
    restarts: int
    ip: str
    node: str
    trouble: str = ""
    current: bool = False


@dataclass(frozen=True)
class CellLine:
    """One cell: its pods, those at the goal, available, in flight; the groups' counts."""

    cell: str
    pods: int
    updated: int
    available: int
    in_flight: int
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Status:
    """One release as a person asks for it; times are ages in seconds."""

    name: str
    namespace: str
    state: str
    release: str = ""
    kind: str = ""
    source: str = ""
    target: str = ""
    group: int = 0
    groups: int = 0
    step: str = ""
    age: float = 0.0
    who: str = ""
    why: str = ""
    driver: str = ""
    failure: str = ""
    waits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    last: str = ""
    next: tuple[str, ...] = ()
    cells: tuple[CellLine, ...] = ()
    pods: tuple[PodLine, ...] = ()


def render(status: Status, *, wide: bool = False) -> str:
    """The whole view; with `wide` every pod and its address."""
    parts = [_head(status)]
    if status.cells:
        parts.append(cells(status))
    if shown := _pods(status, wide):
        parts.append(shown)
    return "\n\n".join(parts)


def _head(status: Status) -> str:
    step = f" (group {status.group} of {status.groups}: {status.step})" if status.group else ""
    yet = "" if status.notes else " yet"
    return fields(
        [
            ("Name", f"{status.name} (namespace {status.namespace})"),
            ("State", f"{status.state}{step} for {age(status.age)}" if status.release else ""),
            ("State", "" if status.release else f"{status.state}: no release{yet}"),
            ("Release", f"{status.release} {status.kind}" if status.release else ""),
            ("From", status.source),
            ("To", status.target),
            ("Started by", status.who + (f": {status.why}" if status.why else "")),
            ("Last said", status.last),
            ("Driven by", status.driver),
            ("Failure", status.failure),
            ("Waits for", "; ".join(status.waits)),
            ("Note", "; ".join(status.notes)),
            *(("Next", command) for command in status.next),
        ]
    )


def cells(status: Status) -> str:
    """One row a cell, one column a group."""
    heads = [f"group {n}" for n in range(1, status.groups + 1)]
    rows = [
        (
            line.cell or "(all)",
            line.pods,
            line.updated,
            line.available,
            line.in_flight,
            *(f"{min(line.updated, count)}/{count}" for count in line.groups),
        )
        for line in status.cells
    ]
    return table(("cell", "pods", "updated", "available", "in flight", *heads), rows)


def _pods(status: Status, wide: bool) -> str:
    everyone = wide or len(status.pods) <= FEW
    lines = [p for p in status.pods if everyone or p.phase or p.trouble or not p.ready]
    if not lines:
        return ""
    heads = ["pod", "revision", "ready", "available", "in place", "restarts", "ip"]
    rows: list[tuple[object, ...]] = []
    for pod in lines[: None if wide else 50]:
        ready = ("yes" if pod.ready else "no", "yes" if pod.available else "no")
        row = (pod.name, pod.revision, *ready, pod.phase, pod.restarts, pod.ip)
        rows.append((*row, pod.node, pod.images, pod.trouble) if wide else (*row, pod.trouble))
    heads += ["node", "images", "trouble"] if wide else ["trouble"]
    text = table(heads, rows)
    left = len(lines) - len(rows)
    return f"{text}\n... and {left} more (-o wide shows all)" if left > 0 else text


def document(status: Status) -> Mapping[str, object]:
    """The versioned shape of `-o json` and `-o yaml`."""
    shown = asdict(status)
    # `kind` is the document's own, as in every Kubernetes object.
    shown["release_kind"] = shown.pop("kind")
    return {"apiVersion": "cafe.sofastack.io/v1", "kind": "ReleaseStatus", **shown}

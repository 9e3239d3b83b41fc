"""The status of a release as data, for printers and for documents (`-o json`, `-o yaml`)."""

from __future__ import annotations

from msgspec import Struct

from kubectl_cafe.waits import Wait


class ImageChange(Struct, frozen=True):
    """One container's image before and after; `source` is empty if there was none before."""

    container: str
    source: str
    target: str


class PodLine(Struct, frozen=True):
    """One pod. `revision` is a number, ? for unknown images; `phase` is that of its pod record.

    `updated`: the pod is at the goal. `current`: it is in flight, or of the current group. `stage`
    is the progress within the phase, empty if not known. `trouble` is why the pod is not ready.
    """

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
    updated: bool = False
    stage: str = ""


class CellLine(Struct, frozen=True):
    """One cell: the numbers of its pods, of those at the goal, available, and in flight.

    `groups` has the cell's cumulative count of each group.
    """

    cell: str
    pods: int
    updated: int
    available: int
    in_flight: int
    groups: tuple[int, ...]


class Status(Struct, frozen=True):
    """One release as `status` shows it.

    `origin` is the state before Paused or Failed. `time` is when it was read, by the server's
    clock, RFC 3339. In seconds: `age` in this state, `elapsed` since the release began, `remaining`
    for the groups ahead (an estimate; None: not known), `renewed` since the driver renewed its
    lease. `who`, `why`: the user who started it, and the reason. `turned`: the user who rolled it
    back, time and reason. `last`: the last action of a user. `next`: commands, the likeliest first.
    `spec_ahead`: the spec has changes for which no release was started.
    """

    name: str
    namespace: str
    state: str
    origin: str = ""
    release: str = ""
    kind: str = ""
    source: str = ""
    target: str = ""
    group: int = 0
    groups: int = 0
    step: str = ""
    time: str = ""
    age: float = 0.0
    elapsed: float = 0.0
    remaining: float | None = None
    who: str = ""
    why: str = ""
    driver: str = ""
    renewed: float | None = None
    failure: str = ""
    spec_ahead: bool = False
    waits: tuple[Wait, ...] = ()
    notes: tuple[str, ...] = ()
    last: str = ""
    turned: str = ""
    next: tuple[str, ...] = ()
    cells: tuple[CellLine, ...] = ()
    pods: tuple[PodLine, ...] = ()
    changes: tuple[ImageChange, ...] = ()


class Overview(Struct, frozen=True):
    """One CafeDeployment and its release. `age` are the seconds in this state.

    State and group are the record's. The numbers of pods are those of `.status`, None if it has
    none. `spec_ahead`: as in Status. `problem` is why the record can't be read. `deleted`: the
    CafeDeployment was deleted.
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

"""What decide reads and what it answers: data alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_cafe.engine.disruption import DisruptionBudget
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.sighting import Sighting
from kubectl_cafe.podsets import Workload, WorkloadWrite
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.traffic import Service
from statemachine.lifecycle import MOVING, Facts, State, Trigger
from statemachine.record import Failure, Record

Json = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """One moment of a release, as this process knows it.

    `pods` are keyed by uid. `now` is this process' monotonic clock, `time` the server's, both
    in seconds. `endpoints` are the uids that some EndpointSlice shows ready; `published` those
    in slices of a Service that shows unready pods so, too, and lets go only of what it no
    longer selects. `budgets` are the PodDisruptionBudgets of the namespace, whatever pods they
    cover. `off_since` says since when a drained pod is seen to be out of traffic. `busy` are
    pods with a write under way; `unseen_takes`: the watch has not yet shown our own last takes.
    `stopping`: no more pods are to be taken, whatever the record says (Ctrl-C). `swept`: a
    consistent list was read after everything that the view shows. `driven_since`: the server's
    time at which this driver took the wheel; the time in which nobody drove is nobody's
    failure. `architectures` are those of the nodes by name; None: nobody has read them yet.
    """

    owner: Json
    record: Record
    revisions: Mapping[str, Revision]
    pods: Mapping[str, Pod]
    workloads: tuple[Workload, ...]
    sightings: Mapping[str, Sighting]
    now: float
    time: float
    endpoints: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()
    services: tuple[Service, ...] = ()
    budgets: tuple[DisruptionBudget, ...] = ()
    off_since: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    unseen_takes: bool = False
    stopping: bool = False
    swept: bool = False
    driven_since: float = 0.0
    architectures: Mapping[str, str] | None = None

    @property
    def goal(self) -> Revision | None:
        """The revision pods go to; none while aborting: pods in flight only finish."""
        if State.ABORTING in (self.record.state, self.record.origin):
            return None
        return self.revisions.get(self.record.to_revision)

    @property
    def running(self) -> bool:
        """Whether pods may be taken now."""
        return not self.stopping and self.record.state in MOVING


@dataclass(frozen=True)
class Wanted:
    """A move that the engine's findings call for; `facts` are for its guard."""

    trigger: Trigger
    why: str = ""
    failure: Failure | None = None
    facts: Facts | None = None
    by_field: bool = False


@dataclass(frozen=True)
class Signed:
    """A move that a person asked for without a verb, and who that was."""

    wanted: Wanted
    who: str


@dataclass(frozen=True)
class Decision:
    """What to do now. `waits` says in words what is awaited; `takes` are uids of healthy takes.

    `at_rest`: no pod is in flight that could still move by itself. `sweep`: read a consistent
    list of the pods. `nodes`: read the nodes' architectures. `warnings` are what people should
    know although nothing waits for it.
    """

    patches: tuple[PodPatch, ...] = ()
    takes: frozenset[str] = frozenset()
    workloads: tuple[WorkloadWrite, ...] = ()
    move: Wanted | None = None
    sweep: bool = False
    nodes: bool = False
    at_rest: bool = True
    waits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

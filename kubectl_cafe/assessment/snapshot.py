"""What decide reads and what it answers: data alone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.assessed import Assessed, assess_all
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.pod import Assessment
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import PodSet, Workload, WorkloadWrite
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.traffic import Service
from kubectl_cafe.traffic.endpoints import Slice, listed
from kubectl_cafe.waits import Wait
from statemachine.lifecycle import MOVING, Facts, State, Trigger
from statemachine.record import Failure, Record

Json = Mapping[str, Any]
NODES_FRESH = 10.0
"""Seconds for which it is believed what a Node said of itself."""


@dataclass(frozen=True)
class Snapshot:
    """One moment of a release, as this process knows it.

    `pods` are keyed by uid. `now` is this process' monotonic clock, `time` the server's, both
    in seconds. `endpoints` are the uids that some EndpointSlice shows ready; `published` those
    in slices of a Service that shows unready pods so, too, and lets go only of what it no
    longer selects; `slices` say which they are. `budgets` are the PodDisruptionBudgets of the
    namespace, whatever pods they cover. `others` are the pods of others in the namespace; None:
    not read, for only a budget that covers such pods asks for them. `cleared` are our drained
    pods after which they were read once more, `took` those that were healthy when this process
    took them. `unswitched` is why pods were in mode None as the release started (`lost_switches`).
    `off_since` says since when a drained pod is seen to be out of traffic. `busy` are pods with
    a write under way; `unseen_takes`: the watch has not yet shown our own last takes.
    `stopping`: no more pods are to be taken, whatever the record says (Ctrl-C). `swept`: a
    consistent list was read after everything that the snapshot shows. `driven_since`: the server's
    time at which this driver became the driver; the time in which nobody drove is nobody's
    failure. `heard_at`: the server's time at which this driver heard of the record as it is.
    `unheard`: the CafeDeployment can't be read, so a pause would not be heard: no pod is taken.
    `reopening`: the driver leaves; no image is patched, what is only drained is reopened.
    `barred` are pods that no write reaches: they are left as they are. `troubles` say in words
    what fails and is tried again. `architectures` are those of the nodes by name; None: nobody
    has read them yet. `nodes_at` is when the nodes of suspect pods were read (`Pod.suspect`),
    None before that. `last` are the assessments of an earlier snapshot, which may serve again.
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
    slices: tuple[Slice, ...] = ()
    services: tuple[Service, ...] = ()
    budgets: tuple[DisruptionBudget, ...] = ()
    others: tuple[Pod, ...] | None = None
    cleared: frozenset[str] = frozenset()
    took: frozenset[str] = frozenset()
    unswitched: frozenset[str] = frozenset()
    off_since: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    unseen_takes: bool = False
    stopping: bool = False
    swept: bool = False
    driven_since: float = 0.0
    heard_at: float = inf
    unheard: bool = False
    reopening: bool = False
    barred: frozenset[str] = frozenset()
    troubles: tuple[str, ...] = ()
    architectures: Mapping[str, str] | None = None
    nodes_at: float | None = None
    last: Assessed | None = field(default=None, compare=False, repr=False)

    @cached_property
    def podset(self) -> PodSet:
        """The pod set of the CafeDeployment."""
        return CafeDeployment(self.owner).podset

    @property
    def nodes_due(self) -> bool:
        """Whether a pod's status leaves open whether its node went away, and no Node was asked."""
        fresh = self.nodes_at is not None and self.now - self.nodes_at < NODES_FRESH
        return not fresh and any(pod.suspect and pod.node for pod in self.pods.values())

    @cached_property
    def assessed(self) -> Assessed:
        """The assessments of the pods, each made once."""
        return assess_all(self, self.last)

    @cached_property
    def assessments(self) -> tuple[Assessment, ...]:
        """Where each pod stands, in the order of `pods`."""
        return tuple(self.assessed.by_uid.values())

    @cached_property
    def listed(self) -> Mapping[str, Set[str]]:
        """The uids of the pods that each Service's EndpointSlices list, ready or not."""
        return listed(self.slices)

    @cached_property
    def shared_budgets(self) -> tuple[DisruptionBudget, ...]:
        """The budgets that cover pods of ours and, as their status says, of others.

        Kept: every drained pod asks for them, and each budget asks all pods.
        """
        living = [pod for pod in self.pods.values() if not pod.terminating and not pod.over]
        return tuple(
            one
            for one in self.budgets
            if 0 < sum(one.covers(pod.labels) for pod in living) < one.expected
        )

    @cached_property
    def goal(self) -> Revision | None:
        """The revision pods go to; none while aborting: pods in flight only finish."""
        if State.ABORTING in (self.record.state, self.record.origin):
            return None
        return self.revisions.get(self.record.to_revision)

    @cached_property
    def running(self) -> bool:
        """Whether the release goes on now: groups begin, fail and end."""
        return not (self.stopping or self.reopening) and self.record.state in MOVING

    @property
    def takes(self) -> bool:
        """Whether pods may be taken now (I9)."""
        return self.running and not self.unheard


@dataclass(frozen=True)
class Wanted:
    """A move that the engine's findings call for; `facts` are for its guard.

    `who` signs it where it carries out what a person asked for; else the driver does.
    """

    trigger: Trigger
    why: str = ""
    failure: Failure | None = None
    facts: Facts | None = None
    by_field: bool = False
    who: str = ""


@dataclass(frozen=True)
class Signed:
    """A move that a person asked for without a verb, and who that was."""

    wanted: Wanted
    who: str


@dataclass(frozen=True)
class Decision:
    """What to do now. `waits` are what is awaited; `takes` are uids of healthy takes.

    `at_rest`: no pod is in flight that could still move by itself. `sweep`: read a consistent
    list of the pods. `nodes`: read the nodes, their architectures or whether they are Ready.
    `others`: read the namespace's pods. `warnings` are what people should know although nothing
    waits for it.
    """

    patches: tuple[PodPatch, ...] = ()
    takes: frozenset[str] = frozenset()
    workloads: tuple[WorkloadWrite, ...] = ()
    move: Wanted | None = None
    sweep: bool = False
    nodes: bool = False
    others: bool = False
    at_rest: bool = True
    waits: tuple[Wait, ...] = ()
    warnings: tuple[str, ...] = ()

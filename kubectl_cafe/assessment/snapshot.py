"""The input and the output of `decide`: data only."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any

from msgspec import Struct

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
"""Seconds for which the conditions that were read from a Node are trusted."""


@dataclass(frozen=True)
class Snapshot:
    """The state of a release and its objects at one moment, as this process sees it.

    To take a pod is to begin its upgrade or removal. Sets and maps of pods are by uid. `now` is
    this process' monotonic clock, `time` the server's clock, both in seconds. `peers` maps an image
    string to the imageIDs that settled pods have shown for it.

    `endpoints` are the pods that an EndpointSlice shows ready. `published` are pods that a Service
    with publishNotReadyAddresses shows ready until it no longer selects them. `slices` are all
    EndpointSlices, `budgets` all PodDisruptionBudgets of the namespace. `others` are the
    namespace's pods of other owners; None: not read. Only a budget that covers them needs them.

    `cleared` are the drained pods after whose drain the namespace's pods were listed, `took` the
    pods that were healthy when this process took them, `relisted` the drained pods after whose
    acknowledgement the EndpointSlices were listed. `off_since` has the times by `now` since which
    drained pods are seen out of traffic. `busy` are pods with a write under way, `barred` pods that
    this driver can't write any more. `unseen_takes`: the watch has not yet shown the last pods that
    this driver took. `unanswered` are the names of workloads with a patch whose answer was lost.
    `unswitched` are the causes of mode None when the release started (`lost_switches`). `swept`: a
    consistent list of the pods was read in this step.

    `driven_since` is the server's time at which this process became the driver; time without a
    driver fails no pod. `heard_at` is the server's time at which this driver read the present
    record. `unheard`: the CafeDeployment can't be read, so a pause would not be seen: no pod is
    taken. `stopping`: no more pods are taken, whatever the record says (Ctrl-C). `reopening`: the
    driver is about to end; no image is patched, and drained pods are put back into traffic.
    `troubles` are messages about requests that fail and are retried.

    `architectures` are by node name; None: not read. `nodes_at` is the time by `now` at which the
    nodes of suspect pods were read (`Pod.suspect`); None: not read. `last` are the assessments of
    an earlier snapshot, for reuse.
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
    relisted: frozenset[str] = frozenset()
    unswitched: frozenset[str] = frozenset()
    off_since: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    unseen_takes: bool = False
    unanswered: frozenset[str] = frozenset()
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
        """Whether Nodes must be read: one may be lost, and none was read within NODES_FRESH."""
        fresh = self.nodes_at is not None and self.now - self.nodes_at < NODES_FRESH
        return not fresh and any(pod.suspect and pod.node for pod in self.pods.values())

    @cached_property
    def assessed(self) -> Assessed:
        """The assessments of all pods; cached."""
        return assess_all(self, self.last)

    @cached_property
    def assessments(self) -> tuple[Assessment, ...]:
        """The assessment of each pod, in the order of `pods`."""
        return tuple(one.of for one in self.assessed.kept.values())

    def assessment(self, uid: str) -> Assessment:
        """The assessment of the pod with this uid."""
        return self.assessed.kept[uid].of

    @cached_property
    def listed(self) -> Mapping[str, Set[str]]:
        """By Service name: the uids of the pods that its EndpointSlices list, ready or not."""
        return listed(self.slices)

    @cached_property
    def shared_budgets(self) -> tuple[DisruptionBudget, ...]:
        """The budgets that cover pods of this release and, by their expectedPods, other pods.

        Cached: the rules read this for every drained pod, and every budget is matched with all
        pods.
        """
        living = [pod for pod in self.pods.values() if not pod.terminating and not pod.over]
        return tuple(
            one
            for one in self.budgets
            if 0 < sum(one.covers(pod.labels) for pod in living) < one.expected
        )

    @cached_property
    def goal(self) -> Revision | None:
        """The target revision of the release; None while aborting: pods in flight only finish."""
        if State.ABORTING in (self.record.state, self.record.origin):
            return None
        return self.revisions.get(self.record.to_revision)

    @cached_property
    def running(self) -> bool:
        """Whether the release proceeds now: groups begin, fail and end."""
        return not (self.stopping or self.reopening) and self.record.state in MOVING

    @property
    def takes(self) -> bool:
        """Whether further pods may be taken now (I9)."""
        return self.running and not self.unheard


class Wanted(Struct, frozen=True):
    """A move of the release that the driver is to make; `facts` are read by the move's guard.

    `who` is the user whose request the move carries out; empty: the driver's own user. `by_field`:
    spec.strategy.pause requests the move.
    """

    trigger: Trigger
    why: str = ""
    failure: Failure | None = None
    facts: Facts | None = None
    by_field: bool = False
    who: str = ""


class Signed(Struct, frozen=True):
    """A move that no command has recorded, and the user to record as its author.

    An annotation, the spec, or the operator at the driver's terminal requests it.
    """

    wanted: Wanted
    who: str


class Decision(Struct, frozen=True):
    """What the driver does now. `takes` are the uids of healthy pods that `patches` take.

    `at_rest`: no pod in flight can still progress. `sweep`: read a consistent list of the pods.
    `nodes`: read the nodes, their architectures or whether they are Ready. `others`: read the
    namespace's pods. `slices`: list the EndpointSlices, because the watches show the pods with
    these uids out of traffic. `waits` are what the release waits for, `warnings` other messages.
    """

    patches: tuple[PodPatch, ...] = ()
    takes: frozenset[str] = frozenset()
    workloads: tuple[WorkloadWrite, ...] = ()
    move: Wanted | None = None
    sweep: bool = False
    nodes: bool = False
    others: bool = False
    slices: frozenset[str] = frozenset()
    at_rest: bool = True
    waits: tuple[Wait, ...] = ()
    warnings: tuple[str, ...] = ()

"""The first writes of a release, as its driver would send them, for a server-side dry run.

A webhook or a policy that refuses an image patch would refuse it only after the pod has left
traffic. So the same patches are tried before, on one pod of each cell; nothing is stored
(protocol 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import Proposal
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.cells import generate_name, pod_template
from kubectl_cafe.preflight import new_pods
from kubectl_cafe.preflight.answers import Case
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Record

TRIED = (PodState.CANDIDATE, PodState.UNLABELLED)


@dataclass(frozen=True)
class Attempt:
    """A patch to try, and the images that it sends, by container."""

    cell: str
    patch: PodPatch
    images: Mapping[str, str]


def case(
    cafe: CafeDeployment,
    wished: CafeDeployment,
    around: Around,
    proposal: Proposal,
    time: float,
    *,
    superseding: bool = False,
) -> Case:
    """The release as its driver would see it at its start; `time` is the server's."""
    snapshot = first_view(wished, around, proposal, time)
    return Case(cafe, wished, around, proposal, snapshot, snapshot.assessments, superseding)


def first_view(wished: CafeDeployment, around: Around, proposal: Proposal, time: float) -> Snapshot:
    """The snapshot of a driver at its start; its record is made here and never written."""
    at = rfc3339(time)
    record = Record(
        uid=wished.uid,
        id="r-00000000",
        kind=proposal.kind,
        state=State.PROGRESSING,
        plan=proposal.plan,
        to_revision=proposal.target,
        from_revision=proposal.source.name if proposal.source else "",
        spec_hash=wished.spec_hash,
        since=at,
        started=at,
        who="",
        epoch=1,
    )
    goal = Revision(proposal.target, around.next_number, proposal.template)
    return Snapshot(
        owner=wished.obj,
        record=record,
        revisions={**around.known, goal.name: around.revision(goal.name) or goal},
        pods={pod.uid: pod for pod in around.pods},
        workloads=around.workloads,
        sightings={pod.uid: look(None, pod, 0.0) for pod in around.pods},
        now=0.0,
        time=time,
        services=around.services,
        budgets=around.budgets,
    )


def chosen(of: Case) -> list[Assessment]:
    """One pod of each cell that the release changes: a healthy one if there is any."""
    if of.proposal.refusals:
        return []
    able = (s for s in of.assessments if s.row in TRIED and not s.pod.lost)
    first: dict[str, Assessment] = {}
    for assessment in sorted(able, key=lambda s: (not s.healthy, s.pod.name)):
        first.setdefault(assessment.pod.cell, assessment)
    return [first[cell] for cell in sorted(first)]


def attempts(of: Case, assessment: Assessment) -> Iterator[Attempt]:
    """The writes that upgrade the pod: traffic off, if it has a switch, and the images."""
    writes, cell = Writes(of.snapshot), assessment.pod.cell
    if assessment.row is PodState.UNLABELLED:
        yield Attempt(cell, writes.relabel(assessment), {})
        return
    if assessment.mode is not Mode.NONE:
        yield Attempt(cell, writes.take(assessment), {})
    patch = writes.patch_images(assessment)
    sent = patch.body.get("spec", {}).get("containers", ())
    yield Attempt(cell, patch, {c["name"]: c["image"] for c in sent})


def commits(of: Case) -> Iterator[tuple[str, WorkloadWrite]]:
    """The commit of every workload that has another template, by cell.

    Without a resourceVersion: the workload's controller may write its status at any time.
    """
    if of.proposal.refusals:
        return
    for workload in of.around.workloads:
        if workload.revision != of.proposal.target:
            wished = of.wished.obj, workload, of.proposal.target, of.proposal.template
            write = of.wished.podset.commit(*wished)
            yield (
                workload.cell,
                structs.replace(write, body={**write.body, "metadata": {"uid": workload.uid}}),
            )


def created_pods(of: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """A pod as the ReplicaSet controller creates it, by cell; none if no pod is created."""
    if new_pods.count(of) == 0 or of.proposal.refusals:
        return
    growing = of.proposal.plan.growing(of.proposal.kind)
    for cell in of.proposal.plan.cells:
        if cell in growing:
            wished = of.wished
            made = pod_template(wished.obj, cell, of.proposal.target, of.proposal.template)
            meta = {**made["metadata"], "generateName": generate_name(wished.name)}
            yield cell, {"apiVersion": "v1", "kind": "Pod", **made, "metadata": meta}


def again(of: Case, pod: Pod, what: str) -> Attempt | None:
    """The write `what` for the pod as it is now; None if the pod needs no upgrade any more."""
    pods = {**of.snapshot.pods, pod.uid: pod}
    sightings = {**of.snapshot.sightings, pod.uid: look(None, pod, 0.0)}
    snapshot = replace(of.snapshot, pods=pods, sightings=sightings)
    assessment = snapshot.assessment(pod.uid)
    if assessment.row not in TRIED:
        return None
    made: Sequence[Attempt] = list(attempts(replace(of, snapshot=snapshot), assessment))
    return next((one for one in made if one.patch.what == what), None)

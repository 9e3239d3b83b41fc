"""The pod writes of a release, built from a pod's assessment (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.image_revisions import lacking, runs
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import SCALE_IN, UPGRADE, Before, Mode, Phase, PodRecord
from kubectl_cafe.pods.restarted import settled
from kubectl_cafe.podsets import UpdateStrategy
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from kubectl_cafe.traffic import gate, switch


class Writes:
    """Builds the pod patches of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.at = rfc3339(snapshot.time)

    def at_goal(self, pod: Pod) -> bool:
        """Whether the pod's spec already has the goal's images."""
        return self.snapshot.goal is not None and runs(
            pod, self.snapshot.goal, self.snapshot.revisions
        )

    def take(self, assessment: Assessment) -> PodPatch:
        """The first write of a candidate: W1, or the only write (mode None, C78).

        Raises Refused for a pod set whose pods are to be replaced.
        """
        self._refuse_replacing()
        if assessment.row is PodState.UNLABELLED:
            return self.relabel(assessment)
        if assessment.mode is Mode.NONE:
            return self.patch_images(assessment)
        record = replace(self._record(assessment, Phase.DRAINED), gen=self._vouched(assessment.pod))
        return switch(assessment.mode).turn_off(assessment.pod, record, self.at)

    def remove(self, assessment: Assessment) -> PodPatch:
        """The write that drains a pod in order to remove it, with the lowest deletion cost."""
        pod = assessment.pod
        record = replace(
            self._record(assessment, Phase.DRAINED),
            to=pod.labels.get(names.REVISION, ""),
            gen=self._vouched(pod),
            op=SCALE_IN,
            cost=pod.annotations.get(names.DELETION_COST, ""),
        )
        return switch(assessment.mode).turn_off(pod, record, self.at)

    def relabel(self, assessment: Assessment) -> PodPatch:
        """The write of labels and annotations to a pod with the goal's images: no restart (C78)."""
        record = replace(self._record(assessment, Phase.FINISHED), gen=assessment.pod.generation)
        goal = self._goal()
        labels, notes = self._metadata(assessment, goal)
        return patch(assessment.pod, "relabel", record=record, labels=labels, annotations=notes)

    def patch_images(self, assessment: Assessment) -> PodPatch:
        """W2: every changed image in one write, with labels and the record (C18, C21).

        Raises Refused for a pod set whose pods are to be replaced.
        """
        self._refuse_replacing()
        pod, goal = assessment.pod, self._goal()
        images = {
            name: image
            for name, image in lacking(pod, goal.images, self.snapshot.revisions).items()
            if name in pod.containers
        }
        record = replace(
            self._record(assessment, Phase.PATCHED),
            gen=pod.generation + 1,
            before=self._before(assessment, images),
        )
        labels, notes = self._metadata(assessment, goal)
        return patch(pod, "image", record=record, labels=labels, annotations=notes, images=images)

    def finish(self, assessment: Assessment) -> PodPatch:
        """W3: traffic on, and the record finished.

        A pod that was only drained keeps its revision, and its record names that revision.
        """
        pod = assessment.pod
        record = replace(
            pod.record or self._record(assessment, Phase.FINISHED),
            release=self.snapshot.record.id,
            epoch=self.snapshot.record.epoch,
            phase=Phase.FINISHED,
            gen=pod.generation,
            before={},
            since=self.at,
            passed=_passed(assessment),
            restarts={name: one.restart_count for name, one in pod.containers.items()},
            op=UPGRADE,
            cost=None,
        )
        if assessment.row is PodState.DRAINED:
            own = pod.labels.get(names.REVISION, "")
            record = replace(record, to=own, gen=self._vouched(pod))
        return switch(assessment.mode).turn_on(pod, record, self.at)

    def open(self, assessment: Assessment) -> PodPatch:
        """The write that opens the gate of a new pod (C27)."""
        return switch(Mode.GATE).turn_on(assessment.pod, None, self.at)

    def acknowledge(self, assessment: Assessment) -> PodPatch:
        """The write that changes the gate, so that the kubelet quotes the new value (C84)."""
        return gate.acknowledge(assessment.pod, self.at)

    def _vouched(self, pod: Pod) -> int:
        """The pod's generation if its images are those of its label's revision, else 0.

        The record keeps this as `gen`: up to this generation the images are known to be the
        revision's, from the record before or from the pod's creation (C55). Images of another
        client give 0.
        """
        own = self.snapshot.revisions.get(pod.labels.get(names.REVISION, ""))
        return pod.generation if own and runs(pod, own, self.snapshot.revisions) else 0

    def _refuse_replacing(self) -> None:
        """Raise Refused for a pod set whose pods are to be replaced, not patched."""
        strategy = self.snapshot.podset.strategy
        if strategy is not UpdateStrategy.PATCHED:
            raise Refused(
                f"pods of this type are {strategy}; this version of kubectl-cafe supports only "
                f"pods that are {UpdateStrategy.PATCHED}. Nothing was written to them",
                where=f"{CafeDeployment(self.snapshot.owner).where}, spec.podSetType",
                hint=kubectl("cafe version"),
            )

    def _goal(self) -> Revision:
        goal = self.snapshot.goal
        if goal is None:
            raise AssertionError("no pod is taken without a goal")
        return goal

    def _record(self, assessment: Assessment, phase: Phase) -> PodRecord:
        release, step = self.snapshot.record, self.snapshot.record.current
        return PodRecord(
            release=release.id,
            epoch=release.epoch,
            phase=phase,
            mode=assessment.mode,
            to=release.to_revision,
            since=self.at,
            group=step.group if step else 0,
            passed=_passed(assessment),
        )

    def _before(self, assessment: Assessment, images: Mapping[str, str]) -> dict[str, Before]:
        """The state of each container that restarts, right before this image patch.

        A container whose last change is not settled keeps the image from before that change. If
        this patch does not change that container, it stays listed until it is settled.
        """
        pod = assessment.pod
        unsettled = {
            name: before
            for name, before in assessment.evidence.changed.items()
            if before is not None
            and name in pod.containers
            and settled(pod, name, assessment.evidence).by is None
        }
        judged = {name: _judged(pod, name) for name in images if name not in unsettled}
        kept = {
            name: replace(
                before,
                container_id=pod.containers[name].container_id or before.container_id,
                image_id=pod.containers[name].image_id or before.image_id,
                restart_count=pod.containers[name].restart_count,
            )
            for name, before in unsettled.items()
        }
        return {**kept, **judged}

    def _metadata(
        self, assessment: Assessment, goal: Revision
    ) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """The labels and annotations to set, and those of the pod's own revision to remove (None).

        Only the traffic switch writes the traffic label. Keys that are neither in the template of
        the pod's revision nor in the goal's are left alone (I10).
        """
        pod = assessment.pod
        own = self.snapshot.revisions.get(pod.labels.get(names.REVISION, ""))
        old = own.template if own else {}
        labels = _merge(templates.labels(old), templates.labels(goal.template), pod.labels)
        labels.pop(names.TRAFFIC, None)
        labels.pop(names.CELL, None)
        if pod.labels.get(names.REVISION) != goal.name:
            labels[names.REVISION] = goal.name
        notes = _merge(templates.notes(old), templates.notes(goal.template), pod.annotations)
        notes.pop(names.IN_PLACE, None)
        return labels, notes


def _passed(assessment: Assessment) -> Mapping[str, str]:
    """When earlier phases were written (RFC 3339), by phase; empty if the pod is not in flight."""
    record = assessment.pod.record
    return record.written if record and assessment.in_flight else {}


def _judged(pod: Pod, name: str) -> Before:
    container = pod.containers[name]
    return Before(
        image=container.image,
        image_id=container.image_id,
        container_id=container.container_id,
        restart_count=container.restart_count,
    )


def _merge(
    old: Mapping[str, str], new: Mapping[str, str], shown: Mapping[str, str]
) -> dict[str, str | None]:
    """The changes from `shown` to `new`; keys that only `old` has are removed (None)."""
    result: dict[str, str | None] = {
        key: value for key, value in new.items() if shown.get(key) != value
    }
    result.update({key: None for key in old if key not in new and key in shown})
    return result

"""What the API server refuses a driver for good, and how the driver ends by it (protocol 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import ERROR, FAILED, WAITS, CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.preflight import access_review
from kubectl_cafe.preflight.access_review import Right
from kubectl_cafe.release.write_failures import IMAGE, Trouble, listed, named
from statemachine.lifecycle import MOVING, RESTING, State

PATIENCE = 30.0
"""Seconds for which a write is repeated in a state in which no pod is taken."""
ANSWER = 5.0
"""Seconds to wait for the answer to an access review."""
FAILS = (*MOVING, State.ABORTING)
"""States in which a write of a pod that is refused fails the release."""
SEES = ("list", "watch")
"""The verbs of a watch, which lists first."""
CODES = {State.FAILED: FAILED, State.PAUSED: WAITS, State.AWAITING_CONFIRM: WAITS}
"""The exit code of a release that could not be left in good order, by its state."""


class LostRight(CafeError):
    """The driver may not write any more what a release has to write."""


@dataclass(frozen=True)
class End:
    """Why the driver ends: the error without the pods that it leaves out of traffic."""

    message: str
    where: str
    hint: str
    right: bool = False

    def error(self, left: Sequence[str], state: State) -> CafeError:
        """The error, with the pods that are left out of traffic."""
        pods = f"; left out of traffic: {listed(left, limit=5)}" if left else ""
        kind, code = (LostRight, ERROR) if self.right else (CafeError, CODES.get(state, ERROR))
        message = f"{self.message}{pods}"
        return kind(message, where=self.where, hint=self.hint, exit_code=code)


class Refusals:
    """What one driver was refused. `end` is why it takes no more pods and leaves.

    `barred` are the uids of pods that no write of ours reaches: they are left as they are.
    `reopening`: no image is patched, pods that are only drained are reopened. `blind`: pods are
    not seen any more.
    """

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        self._transport = transport
        self._status = cafe_command("status", cafe.name, cafe.namespace)
        self._allowed: dict[Right, bool] = {}
        self._still: tuple[object, float] = (None, 0.0)
        self.end: End | None = None
        self.barred: set[str] = set()
        self.reopening = self.blind = False

    def moved(self) -> None:
        """The record has moved: what was refused is tried again, but for a lost right."""
        if not self.blind and (self.end is None or not self.end.right):
            self.end, self.reopening = None, False
            self.barred.clear()
            self._allowed.clear()

    def right_lost(self, error: CafeError) -> bool:
        """Whether a refusal is a lost right; then the driver is to end.

        No string of a 403 tells a policy from a lost right: the server is asked once. Where it
        does not answer, the words decide.
        """
        if not isinstance(error, Forbidden):
            return False
        return self._lost(*access_review.asked(error.method, error.where), error)

    def unseen(self, error: ApiError) -> None:
        """A list or watch is refused for good: what is drained is reopened, the driver ends.

        A pod whose image was patched is left as it is: nothing tells when it may be opened.
        """
        if self.blind:
            return
        self.blind = True
        if isinstance(error, Forbidden):
            right, namespace, name = access_review.asked("GET", error.where)
            if any(self._lost(replace(right, verb=verb), namespace, name, error) for verb in SEES):
                return
        self._leave(End(error.message, error.where, error.hint or self._status))

    def _lost(self, right: Right, namespace: str, name: str, error: Forbidden) -> bool:
        """Whether the server says that the right is lost, once; then the driver is to end."""
        if right not in self._allowed:
            self._allowed[right] = self._review(right, namespace, name, error)
        if self._allowed[right]:
            return False
        self._leave(
            End(
                f"you may not {right} any more: {error.server_message or error.message}",
                f"{right.path} in namespace {namespace}",
                right.can_i(namespace),
                right=True,
            )
        )
        return True

    def _review(self, right: Right, namespace: str, name: str, error: Forbidden) -> bool:
        review = access_review.review(right, namespace, name)
        path = paths.selfsubjectaccessreviews()
        try:
            answer = self._transport.create(path, review, guarded=False, timeout=ANSWER)
        except ApiError:
            return not error.denied_right
        return bool((answer.get("status") or {}).get("allowed"))

    def refused(self, error: CafeError) -> None:
        """A write was refused that no failure of the release can record: the driver ends."""
        if not self.right_lost(error):
            self._leave(End(error.message, error.where, error.hint or self._status))

    def fails(self, error: ApiError, patch: PodPatch, state: State) -> bool:
        """Whether the refused write of a pod fails the release.

        If not, the driver ends: without an image patch the pod is reopened, without any other
        write it is left as it is.
        """
        lost, image = self.right_lost(error), patch.what == IMAGE
        if not lost and self.end is None and state in FAILS:
            return True
        if not image:
            self.barred.add(patch.uid)
        if not image or state is not State.FAILED:  # There it is not sent again.
            self.refused(error)
        return False

    def seen(
        self,
        snapshot: Snapshot,
        troubles: Mapping[str, Trouble],
        moving: Trouble | None,
        unheard: str,
    ) -> Snapshot:
        """`snapshot` with what can't be read (`unheard`: why the CafeDeployment) or written.

        `troubles` are the writes of pods and workloads that fail, `moving` that of the record.
        """
        if not replace(snapshot, reopening=self.reopening).running:
            self._tired(
                troubles,
                (snapshot.record.id, snapshot.record.state, snapshot.stopping),
                snapshot.now,
            )
        barred = self.barred | (_unfinishable(snapshot) if self.blind else set())
        said = [f"driver cannot read the CafeDeployment: {unheard}"] if unheard else []
        repeated = [*troubles.values(), *([moving] if moving else [])]
        return replace(
            snapshot,
            unheard=bool(unheard),
            reopening=self.reopening,
            barred=frozenset(barred),
            troubles=(*said, *named(repeated)),
        )

    def raise_end(self, snapshot: Snapshot) -> None:
        """Raise why the driver leaves, if a refusal made it, with the pods that it leaves."""
        if self.end is None or snapshot.record.state in RESTING:
            return
        assessments = snapshot.assessments
        left = [s.pod.name for s in assessments if s.in_flight and s.mode is not Mode.NONE]
        raise self.end.error(left, snapshot.record.state)

    def _tired(self, troubles: Mapping[str, Trouble], mode: object, now: float) -> None:
        """Give up the writes that have failed for long; no pod is taken in `mode`.

        They are repeated anew, for as long, whenever the mode changes.
        """
        if mode != self._still[0]:
            self._still = (mode, now)
        for key, trouble in list(troubles.items()):
            if not tired(trouble, self._still[1], now):
                continue
            error = trouble.error
            if trouble.image and not self.reopening:
                self._still = (mode, now)  # The write that reopens it is another one.
            else:
                self.barred.add(key)
            self._leave(End(unwritten(trouble), error.where, error.hint or self._status))

    def unmoved(self, trouble: Trouble | None, now: float) -> None:
        """A move that no other one takes the place of could not be written, for long."""
        if trouble is not None and now - trouble.since >= PATIENCE:
            error = trouble.error
            said = f"the release could not be moved for {PATIENCE:.0f} s: {error.message}"
            self._leave(End(said, error.where or trouble.what, error.hint or self._status))

    def _leave(self, end: End) -> None:
        self.end, self.reopening = self.end or end, True


def tired(trouble: Trouble, begun: float, now: float) -> bool:
    """Whether a write has failed for PATIENCE, and since `begun`; then it is given up."""
    return now - max(trouble.since, begun) >= PATIENCE


def unwritten(trouble: Trouble) -> str:
    """What is said of a write that is given up."""
    return f"{trouble.what} could not be written for {PATIENCE:.0f} s: {trouble.error.message}"


def _unfinishable(snapshot: Snapshot) -> set[str]:
    """The uids of pods in flight whose next write waits for what a watch would show."""
    flying = (s for s in snapshot.assessments if s.in_flight and s.pod.uid not in snapshot.busy)
    return {s.pod.uid for s in flying if not _finishable(s)}


def _finishable(assessment: Assessment) -> bool:
    """Whether traffic may be switched on by what was seen of the pod last."""
    if assessment.row is PodState.DRAINED:
        return assessment.settled
    return assessment.row is PodState.PATCHED and assessment.done

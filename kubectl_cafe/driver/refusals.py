"""Decides when refused or failing requests end the driver (protocol 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import ERROR, FAILED, WAITS, CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.preflight import access_review
from kubectl_cafe.preflight.access_review import Right
from kubectl_cafe.release.write_failures import IMAGE, Trouble, listed, named
from statemachine.lifecycle import MOVING, RESTING, State

PATIENCE = 30.0
"""Seconds for which a failing write is repeated while no further pod's upgrade may begin."""
ANSWER = 5.0
"""Seconds to wait for the answer to an access review."""
FAILS = (*MOVING, State.ABORTING)
"""States in which a refused write of a pod fails the release."""
SEES = ("list", "watch")
"""The verbs that an informer needs."""
CODES = {State.FAILED: FAILED, State.PAUSED: WAITS, State.AWAITING_CONFIRM: WAITS}
"""The exit code by the state of the release if a refusal ends the driver; 1 in other states, and
after a lost right."""


class LostRight(CafeError):
    """The user has lost an RBAC right that the driver needs."""


@dataclass(frozen=True)
class End:
    """The reason why the driver ends; `right`: the user has lost an RBAC right."""

    message: str
    where: str
    hint: str
    right: bool = False

    def error(self, left: Sequence[str], state: State) -> CafeError:
        """The error to raise, with the names of the pods `left` out of traffic."""
        pods = f"; left out of traffic: {listed(left, limit=5)}" if left else ""
        kind, code = (LostRight, ERROR) if self.right else (CafeError, CODES.get(state, ERROR))
        message = f"{self.message}{pods}"
        return kind(message, where=self.where, hint=self.hint, exit_code=code)


class Refusals:
    """The refused requests of one driver.

    `end` is why the driver upgrades no further pods and ends; None: it goes on. `barred` are the
    uids of pods that this driver can no longer write; they stay as they are. `reopening`: no image
    is patched, and drained pods with the old image are put back into traffic. `blind`: a list or
    watch was refused permanently, so pods are no longer observed.
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
        """Allow refused writes again after a move, unless a right or a watch was lost."""
        if not self.blind and (self.end is None or not self.end.right):
            self.end, self.reopening = None, False
            self.barred.clear()
            self._allowed.clear()

    def right_lost(self, error: CafeError) -> bool:
        """Whether `error` means a lost RBAC right; if so, sets `end`.

        A 403 may also be a policy's, so one access review is requested for each right. If the
        review fails, the message of the 403 decides.
        """
        if not isinstance(error, Forbidden):
            return False
        return self._lost(*access_review.asked(error.method, error.where), error)

    def unseen(self, error: ApiError) -> None:
        """Set `end` for a list or watch that is refused permanently; drained pods are reopened.

        A pod with a patched image stays as it is: without a watch nothing shows when its restart is
        done.
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
        """Whether the access review, requested once, denies `right`; if so, sets `end`."""
        if right not in self._allowed:
            self._allowed[right] = self._review(right, namespace, name, error)
        if self._allowed[right]:
            return False
        self._leave(
            End(
                f"permission to {right} was lost: {error.server_message or error.message}",
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
            answer = self._transport.create(path, review, needs_lease=False, timeout=ANSWER)
        except ApiError:
            return not error.denied_right
        return bool((answer.get("status") or {}).get("allowed"))

    def refused(self, error: CafeError) -> bool:
        """Set `end` for a refused request that does not make the release fail.

        Returns whether `end` was None before.
        """
        first = self.end is None
        if not self.right_lost(error):
            self._leave(End(error.message, error.where, error.hint or self._status))
        return first

    def fails(self, error: ApiError, patch: PodPatch, state: State) -> bool:
        """Whether the refused write of a pod makes the release fail.

        If not, the driver ends, except for an image patch refused in Failed. A pod whose image
        patch was refused is reopened; after any other refused write the pod stays as it is.
        """
        lost, image = self.right_lost(error), patch.what == IMAGE
        if not lost and self.end is None and state in FAILS:
            return True
        if not image:
            self.barred.add(patch.uid)
        if not image or state is not State.FAILED:  # In Failed the image patch is not sent again.
            self.refused(error)
        return False

    def seen(
        self,
        snapshot: Snapshot,
        troubles: Mapping[str, Trouble],
        moving: Trouble | None,
        unheard: str,
    ) -> Snapshot:
        """`snapshot` with the failing reads and writes; may set `end` for writes that last.

        `troubles` are the failing writes of pods and workloads, by uid or workload name. `moving`
        is the failing write of the record. `unheard` is why the CafeDeployment can't be read; ""
        if it can.
        """
        if not replace(snapshot, reopening=self.reopening).running:
            self._tired(
                troubles,
                (snapshot.record.id, snapshot.record.state, snapshot.stopping),
                snapshot.now,
            )
        barred = self.barred | (_unfinishable(snapshot) if self.blind else set())
        said = [f"the driver cannot read the CafeDeployment: {unheard}"] if unheard else []
        repeated = [*troubles.values(), *([moving] if moving else [])]
        return replace(
            snapshot,
            unheard=bool(unheard),
            reopening=self.reopening,
            barred=frozenset(barred),
            troubles=(*said, *named(repeated)),
        )

    def raise_end(self, snapshot: Snapshot) -> None:
        """Raise the error of `end`, if any, with the pods that stay out of traffic."""
        if self.end is None or snapshot.record.state in RESTING:
            return
        assessments = snapshot.assessments
        left = [s.pod.name for s in assessments if s.in_flight and s.mode is not Mode.NONE]
        raise self.end.error(left, snapshot.record.state)

    def _tired(self, troubles: Mapping[str, Trouble], mode: object, now: float) -> None:
        """Give up writes that have failed for PATIENCE while no further pod's upgrade may begin.

        A change of `mode` (the release's state, or Ctrl-C) restarts this time.
        """
        if mode != self._still[0]:
            self._still = (mode, now)
        for key, trouble in list(troubles.items()):
            if not tired(trouble, self._still[1], now):
                continue
            error = trouble.error
            if trouble.image and not self.reopening:
                self._still = (mode, now)  # The write that reopens the pod gets its own time.
            else:
                self.barred.add(key)
            self._leave(End(unwritten(trouble), error.where, error.hint or self._status))

    def unmoved(self, trouble: Trouble | None, now: float) -> None:
        """Set `end` if the record could not be written for PATIENCE seconds."""
        if trouble is not None and now - trouble.since >= PATIENCE:
            error = trouble.error
            said = f"the record could not be written for {exact(PATIENCE)}: {error.message}"
            self._leave(End(said, error.where or trouble.what, error.hint or self._status))

    def _leave(self, end: End) -> None:
        self.end, self.reopening = self.end or end, True


def tired(trouble: Trouble, begun: float, now: float) -> bool:
    """Whether a write has failed for PATIENCE seconds; the time before `begun` does not count."""
    return now - max(trouble.since, begun) >= PATIENCE


def unwritten(trouble: Trouble) -> str:
    """The message for a write that is given up."""
    return f"{trouble.what} could not be written for {exact(PATIENCE)}: {trouble.error.message}"


def _unfinishable(snapshot: Snapshot) -> set[str]:
    """The uids of pods in flight that cannot be reopened without a further watch event."""
    flying = (s for s in snapshot.assessments if s.in_flight and s.pod.uid not in snapshot.busy)
    return {s.pod.uid for s in flying if not _finishable(s)}


def _finishable(assessment: Assessment) -> bool:
    """Whether traffic may be turned on (W3) in the last observed state of the pod."""
    if assessment.row is PodState.DRAINED:
        return assessment.settled
    return assessment.row is PodState.PATCHED and assessment.done

"""What a release waits for: the reasons, and their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe.text import first_names

NAMED = 3
"""The number of pods that a text names; further pods are only counted."""


class For(Enum):
    """What a release waits for. The value is its text, a format over the fields of `Wait`."""

    SERVER = "{message}"
    """The driver's message about requests that fail and are retried."""
    CONTAINER = "{noun} {pods}: container {name}: {reason}: {message}"
    POD = "{noun} {pods}: {message}"
    MORE_PODS = "pods with other messages: {pods}"
    UNREADABLE = "pods with an unreadable record (not touched): {pods}"
    DRIFT = "pods with an image of no known revision (not touched): {pods}"
    ORPHAN = "pods out of traffic without a record (not touched): {pods}"
    FINALIZER_GONE = "removal of finalizer {name} from: {pods}"
    FINALIZER_BACK = "return of finalizer {name} to: {pods}"
    TRAFFIC = "leaving traffic: {pods}"
    SHOWN_READY = "leaving traffic, still shown ready by {name}: {pods}"
    NOT_LISTED = "leaving traffic, not listed by the EndpointSlices of Service {name}: {pods}"
    RESTART = "{message}: {pods}"
    """`message` is the progress of the restarts: restarting, or verifying."""
    REMOVAL = "deletion of: {pods}"
    """Pods out of traffic that their workload's controller deletes."""
    ENDPOINTS = "EndpointSlices that show as ready: {pods}"
    NODE = "pods on a lost node: {pods}"
    BUDGET = "{name} to allow a disruption"
    OTHER_PODS = "other pods to become available: maxUnavailable is used up"
    WORKLOAD = "re-creation of the missing workload of cell {name} with {message}"
    CREATION = "{name} to create pods: {message}"
    AVAILABLE = "pods to become available ({message})"
    TEMPLATE = "{name} to observe the new template"
    COMMIT = "the commit (the workloads get the target template)"
    ANSWERS = "answers to pending writes"
    CONFIRMATION = "a confirmation of group {name}"
    RESUME = "a resume"
    DECISION = "an operator's decision"
    FIELD = "{name} to be false"
    DRIVER = "a driver"
    CONFIRMED = "a driver (group {name} is confirmed)"
    SPEC = "a release of the edited spec"


TROUBLES = (For.SERVER, For.CONTAINER, For.POD, For.MORE_PODS)
"""Waits that may need a user's help. All others end by themselves, or by a user's command."""


class Wait(Struct, frozen=True):
    """One thing that a release waits for; str() is its text.

    `pods` are names. `name` is the container, finalizer, cell, Service, group or field; `reason`
    and `message` are those of the kubelet or the server.
    """

    what: For
    pods: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""
    message: str = ""

    def __str__(self) -> str:
        return self.what.value.format(
            noun="pod" if len(self.pods) == 1 else "pods",
            pods=first_names(self.pods, NAMED),
            name=self.name,
            reason=self.reason,
            message=self.message,
        )

    def without(self, failure: str) -> Wait | None:
        """The wait without the pod that the message `failure` already names; None: no other pod.

        `failure` names it if it begins with `POD/CONTAINER: REASON` of this wait.
        """
        if self.what is not For.CONTAINER:
            return self
        same = f"/{self.name}: {self.reason}"
        pods = tuple(pod for pod in self.pods if not failure.startswith(pod + same))
        return replace(self, pods=pods) if pods else None


def of_pods(what: For, pods: Iterable[str], **more: str) -> list[Wait]:
    """A list with the wait for `pods` (names); an empty list if there are no pods."""
    names = tuple(pods)
    return [Wait(what, names, **more)] if names else []


def texts(waits: Iterable[Wait]) -> tuple[str, ...]:
    """The text of each wait."""
    return tuple(map(str, waits))


def listed(waits: Sequence[Wait]) -> str:
    """The texts of the waits, joined by semicolons."""
    return "; ".join(texts(waits))

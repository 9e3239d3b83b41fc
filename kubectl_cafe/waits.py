"""What a release waits for, as values; here each is put into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

NAMED = 3
"""How many pods are named; of the others the number is."""


class For(Enum):
    """What is waited for. The value is its text, over the fields of `Wait`."""

    SERVER = "{message}"
    """A write, a watch or a read that fails and is tried again."""
    CONTAINER = "pod {pods}: container {name}: {reason}: {message}"
    POD = "pod {pods}: {message}"
    UNREADABLE = "unreadable record, left alone: {pods}"
    DRIFT = "runs an image of no known revision, left alone: {pods}"
    ORPHAN = "out of traffic without a record, left alone: {pods}"
    FINALIZER_GONE = "finalizer {name} to let go of: {pods}"
    FINALIZER_BACK = "finalizer {name} to be back on: {pods}"
    TRAFFIC = "leaving traffic: {pods}"
    SHOWN_READY = "leaving traffic, still shown ready by {name}: {pods}"
    NOT_LISTED = "leaving traffic, not listed by the EndpointSlices of Service {name}: {pods}"
    RESTART = "{message}: {pods}"
    """`message` is how far the restarts are."""
    ENDPOINTS = "to be shown ready by their EndpointSlices: {pods}"
    NODE = "on a lost node: {pods}"
    BUDGET = "{name} to leave room"
    OTHER_PODS = "other pods to become available: maxUnavailable is used up"
    WORKLOAD = "the workload of cell {name}, which is gone: it is created again with {message}"
    CREATION = "replicaset {name} to create pods: {message}"
    AVAILABLE = "pods to become available ({message})"
    TEMPLATE = "the new template to be seen by {name}"
    COMMIT = "the commit"
    ANSWERS = "own writes to be answered"
    CONFIRMATION = "a confirmation of group {name}"
    RESUME = "a resume"
    DECISION = "an operator's decision"
    FIELD = "{name} to be false"
    DRIVER = "a driver"
    CONFIRMED = "group {name} is confirmed; a driver"
    SPEC = "the edited spec to be released"


TROUBLES = (For.SERVER, For.CONTAINER, For.POD)
"""What may need a person; all else comes by itself, or is a person's turn."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that is waited for; str() words it.

    `pods` are names. `name` is the container, finalizer, cell, Service, group or field; `reason`
    and `message` are the kubelet's or the server's words.
    """

    what: For
    pods: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""
    message: str = ""

    def __str__(self) -> str:
        listed = ", ".join(self.pods[:NAMED])
        more = f" and {len(self.pods) - NAMED} more" if len(self.pods) > NAMED else ""
        return self.what.value.format(
            pods=listed + more, name=self.name, reason=self.reason, message=self.message
        )

    @property
    def place(self) -> str:
        """`POD/CONTAINER: REASON`, as a failure by the same container begins; "" elsewhere."""
        found = self.what is For.CONTAINER
        return f"{self.pods[0]}/{self.name}: {self.reason}" if found else ""


def of_pods(what: For, pods: Iterable[str], **more: str) -> list[Wait]:
    """The wait for `pods`, by name, as a list; an empty one where there are none."""
    names = tuple(pods)
    return [Wait(what, names, **more)] if names else []


def texts(waits: Iterable[Wait]) -> tuple[str, ...]:
    """The waits in words."""
    return tuple(map(str, waits))


def listed(waits: Sequence[Wait]) -> str:
    """The waits in words, one after the other."""
    return "; ".join(texts(waits))

"""What a release waits for, as values, and the text of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from kubectl_cafe.text import first_names

NAMED = 3
"""The number of pods that a text names; further pods are only counted."""


class For(Enum):
    """What a release waits for. The value is its text, a format over the fields of `Wait`."""

    SERVER = "{message}"
    """A write, a watch or a read that fails and is retried."""
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
    """`message` says how far the restarts are."""
    ENDPOINTS = "to be shown ready by their EndpointSlices: {pods}"
    NODE = "on a lost node: {pods}"
    BUDGET = "{name} to leave room"
    OTHER_PODS = "other pods to become available: maxUnavailable is used up"
    WORKLOAD = "the workload of cell {name}, which is gone: it is created again with {message}"
    CREATION = "{name} to create pods: {message}"
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
            pods=first_names(self.pods, NAMED),
            name=self.name,
            reason=self.reason,
            message=self.message,
        )

    @property
    def place(self) -> str:
        """`POD/CONTAINER: REASON`, as a failure of the same container begins; "" for others."""
        found = self.what is For.CONTAINER
        return f"{self.pods[0]}/{self.name}: {self.reason}" if found else ""


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

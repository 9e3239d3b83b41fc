"""The record of one pod's upgrade, kept in an annotation of that pod (protocol 4, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace

from statemachine import versioned
from statemachine.versioned import DecodeError, Integer, Stored

VERSION = 3
OLDEST = 1
"""Records of version 1 have no `passed`, those before version 3 no `restarts`."""
REPAIR = "repair"
"""The `release` of a record that `repair` wrote, not a release."""
UPGRADE = "upgrade"
"""The `op` of a pod that is upgraded, rolled back or repaired."""
SCALE_IN = "scale-in"
"""The `op` of a pod that was drained to be removed."""
AGAIN = "again"
"""The key in `passed` of an image patch over one that was not done, by a rollback or a retry."""


class PodRecordError(ValueError):
    """The annotation is damaged or of a newer version. The pod is left alone, and reported."""


class Phase(StrEnum):
    """Drained: traffic off, image unchanged. Patched: the new image is in the spec. Finished."""

    DRAINED = "drained"
    PATCHED = "patched"
    FINISHED = "finished"


class Mode(StrEnum):
    """The traffic mode: what takes the pod out of traffic and back (protocol 5)."""

    GATE = "Gate"
    LABEL = "Label"
    NONE = "None"


class Before(Stored, frozen=True):
    """A changed container as it was assessed right before the image patch."""

    image: str
    image_id: str
    container_id: str
    restart_count: Integer


class PodRecord(Stored, frozen=True):
    """The record of one pod's upgrade.

    `to` names the revision that the pod goes to. `gen` is the pod's generation after the image
    patch; of a finished pod the generation that was verified, of a drained pod its generation if
    its images are its revision's, else 0. `before` has the changed containers alone. `since` is
    when the phase was written, RFC 3339; `group` the group that took the pod, 0 for a sweep.
    `passed` has the times of earlier phases, three at most, for reports. `restarts` of a finished
    pod is how often each container had restarted by then. `cost` of a pod that is drained to be
    removed is the deletion cost that it had, empty if none; None for other pods.
    """

    release: str
    epoch: Integer
    phase: Phase
    mode: Mode
    to: str
    since: str
    op: str = UPGRADE
    group: Integer = 0
    gen: Integer = 0
    before: Mapping[str, Before] = {}
    passed: Mapping[str, str] = {}
    restarts: Mapping[str, Integer] = {}
    cost: str | None = None
    v: Integer = VERSION

    @property
    def unfinished(self) -> bool:
        """Whether the pod may be out of traffic: mode None never takes a pod out (protocol 6)."""
        return self.phase is not Phase.FINISHED and self.mode is not Mode.NONE

    @property
    def written(self) -> Mapping[str, str]:
        """When each phase was first written (RFC 3339), by phase, the present one included.

        Under AGAIN is the time of the last image patch over an earlier one.
        """
        again = self.phase is Phase.PATCHED and str(Phase.PATCHED) in self.passed
        return {**self.passed, AGAIN if again else str(self.phase): self.since}


def encode(record: PodRecord) -> str:
    """The annotation's text: some 350 bytes, and 400 per changed container."""
    return versioned.encode(record)


def decode(text: str) -> PodRecord:
    """The record in `text`, as `encode` writes it. Raises PodRecordError."""
    try:
        record = versioned.decode(PodRecord, text, VERSION, OLDEST)
    except DecodeError as error:
        raise PodRecordError(str(error)) from None
    if unknown := sorted(set(record.passed) - {*Phase, AGAIN}):
        raise PodRecordError(f".passed.{versioned.key_shown(unknown[0])}: unknown phase")
    try:
        for name, time in (("since", record.since), *record.passed.items()):
            versioned.check_time(time, f".{name}")
    except DecodeError as error:
        raise PodRecordError(str(error)) from None
    return replace(record, v=VERSION)


def newer(text: str) -> bool:
    """Whether a newer kubectl-cafe wrote `text`: an unreadable record is then not damaged."""
    try:
        found = versioned.version_of(text)
    except DecodeError:
        return False
    return isinstance(found, int) and found > VERSION

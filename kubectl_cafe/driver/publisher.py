"""Publishes a release in `.status`, and reports failing writes of Events (protocol 4)."""

from __future__ import annotations

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client.errors import ApiError, Conflict, NotSent, UnknownOutcome
from kubectl_cafe.client.transport import SessionTransport
from kubectl_cafe.release import status_subresource
from kubectl_cafe.release.held import Release

EVERY = 5.0
"""Seconds between two writes of `.status` without a move."""


class StatusPublisher:
    """Writes `.status` after each move, else at most every 5 s; no decision reads it."""

    def __init__(self, transport: SessionTransport) -> None:
        self._transport = transport
        self._at = float("-inf")
        self._unwritten: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings that `.status` or Events can't be written; neither ends a release."""
        said = self._transport.aside_refused
        return (*self._unwritten, *((f"cannot write Events: {said}",) if said else ()))

    def due(self) -> None:
        """Make the next `show` write `.status`, because the record has changed."""
        self._at = float("-inf")

    def show(self, snapshot: Snapshot, release: Release, *, force: bool = False) -> None:
        """Write `.status` if it is due; a failed write is left to the next call."""
        if not force and snapshot.now - self._at < EVERY:
            return
        self._at, asked = snapshot.now, self._transport.clock.monotonic()
        try:
            answer = status_subresource.write(self._transport, release.cafe, snapshot)
        except ApiError as error:
            if not isinstance(error, Conflict | NotSent | UnknownOutcome):
                self._unwritten = (f"cannot write .status: {error.message}",)
            return
        self._unwritten = ()
        if answer is not None:
            release.heard(asked)
            release.took(answer)

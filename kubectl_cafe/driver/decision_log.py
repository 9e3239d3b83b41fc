"""A log line for each pod whose state or reason has changed, and for each move of the release."""

from __future__ import annotations

import json
import logging

from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.reconcile.reasons import Reason, reasons

LOG = logging.getLogger("kubectl_cafe.decisions")
"""Writes nothing unless a handler and the level INFO are set (`-v=4`)."""


class DecisionLog:
    """Logs a driver's decisions as lines of key="value"; a pod's line only after a change."""

    def __init__(self) -> None:
        self._said: dict[str, Reason] = {}

    def note(self, snapshot: Snapshot, decision: Decision) -> None:
        """Log what is new in `decision`; returns at once where the level INFO is off."""
        if not LOG.isEnabledFor(logging.INFO):
            return
        release, found = snapshot.record.id, dict(reasons(snapshot, decision))
        for uid, one in found.items():
            if self._said.get(uid) != one:
                _log(release=release, pod=one.pod, state=one.state, reason=one.why)
        self._said = found
        for write in decision.workloads:
            _log(release=release, workload=write.name, write=write.what)
        if (move := decision.move) is not None:
            _log(release=release, move=str(move.trigger), reason=str(move.failure or move.why))


def _log(**values: str) -> None:
    pairs = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    LOG.info("%s", " ".join(pairs))

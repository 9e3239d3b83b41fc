"""Builds the Events on the CafeDeployment that `kubectl describe` shows. Pure."""

from __future__ import annotations

from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.record.move_text import about
from statemachine.lifecycle import RESTING, RUNNING, Trigger
from statemachine.record import Entry, Record, cut

FINDINGS = (Trigger.STEP_DONE, Trigger.FAIL, Trigger.PODS_SETTLED)
MESSAGE_LIMIT = 1000
"""Characters; Kubernetes allows 1 KiB."""
NAME_LIMIT = 200
"""Characters of the CafeDeployment's name in an Event's name, which may have 253 in all."""


def event(cafe: CafeDeployment, record: Record, entry: Entry) -> dict[str, Any]:
    """The core/v1 Event of `entry`, the last one in the journal of `record`, the record of `cafe`.

    Its name consists of the CafeDeployment, the release, the epoch and the entry's place in the
    journal. So an entry that is reported twice is one Event, and entries of the same second are
    listed in their order. A rebuilt journal begins at 1, under an epoch of its own (C72).
    """
    place = f"{record.epoch:04}.{record.journal_cut + len(record.journal):04}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{cafe.name[:NAME_LIMIT].rstrip('-.')}.{record.id}.{place}",
            "namespace": cafe.namespace,
        },
        "involvedObject": {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": cafe.name,
            "namespace": cafe.namespace,
            "uid": cafe.uid,
            "resourceVersion": cafe.resource_version,
        },
        "type": "Warning" if entry.trigger is Trigger.FAIL else "Normal",
        "reason": reason(entry),
        "message": message(record, entry),
        "source": {"component": names.FIELD_MANAGER, "host": entry.host},
        "firstTimestamp": entry.at,
        "lastTimestamp": entry.at,
        "count": 1,
    }


def reason(entry: Entry) -> str:
    """The Event's reason: the state if the entry stops or ends the release, else the trigger."""
    found = entry.trigger in FINDINGS and entry.state not in RUNNING
    if found or entry.state in RESTING:
        return str(entry.state)
    return "".join(word.capitalize() for word in str(entry.trigger).split("_"))


def message(record: Record, entry: Entry) -> str:
    """The Event's message: the state, its subject, the user and the reason."""
    what = about(record)
    why = f": {entry.why}" if entry.why and entry.why not in what else ""
    return cut(f"{record.state}: {what}, by {entry.who}{why}", MESSAGE_LIMIT)

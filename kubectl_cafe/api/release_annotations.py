"""Small annotations beside the record, for admission policies, which cannot read JSON (protocol 4).

They are written in the same PATCH as the record. A client that changes one of them and not the
record, or the record alone, makes the release unreadable: no command acts on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct, to_builtins

from kubectl_cafe import names
from statemachine.lifecycle import SUCCEEDED, State
from statemachine.record import VERSION, Record
from statemachine.versioned import shown


class LastGood(Struct, frozen=True):
    """Revisions by name: `good` is the target of the last successful release.

    `back` is the value of `good` at the start of the present release. Empty: not known.
    """

    good: str = ""
    back: str = ""


def beside(record: Record, before: Mapping[str, str], uid: str) -> dict[str, str]:
    """The annotations to write with `record`; `before` are those of the CafeDeployment.

    A release of version 1 has none.
    """
    if record.v < VERSION:
        return {}
    known = _known(record, before.get(names.RELEASE_AT, ""), uid)
    return {
        names.RELEASE_AT: _at(record, known),
        names.RELEASE_PLAN: _plan(record),
        names.STARTED_BY: record.who,
    }


def contradiction(record: Record, annotations: Mapping[str, str]) -> tuple[str, str] | None:
    """The annotation that contradicts `record`, and how; None if none does.

    An annotation that is missing contradicts nothing: the next write of the record restores it.
    """
    if record.v < VERSION:
        return None
    parts = annotations.get(names.RELEASE_AT, "").split("/")
    expected = {names.RELEASE_PLAN: _plan(record), names.STARTED_BY: record.who}
    if parts[0] == record.uid:  # Else it is missing, or of another object.
        expected[names.RELEASE_AT] = _at(record, LastGood(*parts[-2:]))
    for name, text in expected.items():
        found = annotations.get(name, text)
        if found != text:
            return name, f"{shown(found)} contradicts the release's record, by which it is {text}"
    return None


def _at(record: Record, known: LastGood) -> str:
    """`UID/ID/KIND/STATE/OPEN/GOOD/BACK`; OPEN is the highest group whose pods may be upgraded."""
    waits = State.AWAITING_CONFIRM in (record.state, record.origin)
    begun = record.group - waits
    parts = (record.uid, record.id, record.kind, record.state, begun, known.good, known.back)
    return "/".join(map(str, parts))


def _plan(record: Record) -> str:
    """The inputs of the plan as compact JSON; a policy reads its beginning, so the order stays."""
    strategy = to_builtins(record.plan.strategy)
    first = {key: strategy.pop(key) for key in ("upgradeType", "needWaitingForConfirm")}
    groups = sum(step.is_group for step in record.steps)
    inputs = {"to": record.to_revision, "groups": groups, **first, "cells": dict(record.plan.cells)}
    return json.dumps({**inputs, **strategy}, separators=(",", ":"))


def _known(record: Record, before: str, uid: str) -> LastGood:
    """The revisions that ended releases went to, carried on from the annotation `before`."""
    parts = before.split("/")
    if len(parts) != 7 or parts[0] != uid:
        known = LastGood()
    elif parts[1] == record.id:
        known = LastGood(*parts[-2:])
    else:
        known = LastGood(parts[-2], parts[-2])
    return LastGood(record.to_revision, known.back) if record.state in SUCCEEDED else known

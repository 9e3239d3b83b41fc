"""Annotations that repeat parts of the record for admission policies (protocol 4).

A policy cannot parse the record's JSON. The same PATCH writes the record and these annotations. If
they contradict each other, a client has changed only one of them: then no command acts on the
release.
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
    """The names of two revisions; empty: not known.

    `good` is the target of the last successful release, `back` was `good` when the current release
    started.
    """

    good: str = ""
    back: str = ""


def beside(record: Record, before: Mapping[str, str], uid: str) -> dict[str, str]:
    """The annotations to write with `record`; none for a record of an older version.

    `before` are the present annotations of the CafeDeployment, `uid` is its uid.
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
    """The name of the annotation that contradicts `record`, and how; None if none does.

    A missing annotation contradicts nothing: the next write of the record restores it.
    """
    if record.v < VERSION:
        return None
    parts = annotations.get(names.RELEASE_AT, "").split("/")
    expected = {names.RELEASE_PLAN: _plan(record), names.STARTED_BY: record.who}
    if parts[0] == record.uid:  # Else it is missing or copied.
        expected[names.RELEASE_AT] = _at(record, LastGood(*parts[-2:]))
    for name, text in expected.items():
        found = annotations.get(name, text)
        if found != text:
            return name, f"{shown(found)} contradicts the release's record, by which it is {text}"
    return None


def _at(record: Record, known: LastGood) -> str:
    """The value of release-at: `UID/ID/KIND/STATE/OPEN/GOOD/BACK`.

    OPEN is the number of the highest group whose pods may be upgraded.
    """
    waits = State.AWAITING_CONFIRM in (record.state, record.origin)
    begun = record.group - waits
    parts = (record.uid, record.id, record.kind, record.state, begun, known.good, known.back)
    return "/".join(map(str, parts))


def _plan(record: Record) -> str:
    """The value of release-plan: the plan's inputs as JSON, in a fixed order.

    A policy matches the beginning of the text.
    """
    strategy = to_builtins(record.plan.strategy)
    first = {key: strategy.pop(key) for key in ("upgradeType", "needWaitingForConfirm")}
    groups = sum(step.is_group for step in record.steps)
    inputs = {"to": record.to_revision, "groups": groups, **first, "cells": dict(record.plan.cells)}
    return json.dumps({**inputs, **strategy}, separators=(",", ":"))


def _known(record: Record, before: str, uid: str) -> LastGood:
    """GOOD and BACK for `record`, computed from the present value `before` of release-at."""
    parts = before.split("/")
    if len(parts) != 7 or parts[0] != uid:
        known = LastGood()
    elif parts[1] == record.id:
        known = LastGood(*parts[-2:])
    else:
        known = LastGood(parts[-2], parts[-2])
    return LastGood(record.to_revision, known.back) if record.state in SUCCEEDED else known

"""Edits of the spec during or after a release: their text, and their consequences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.errors import Refused
from kubectl_cafe.podsets import by_cell
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING, State
from statemachine.record import Failure, Record, cut
from statemachine.steps import Kind

REASON = "SpecChanged"
NOT_IN_PLACE = "it can't go in place"
WORDS = 300
"""Characters of the edit's description in a failure message; the rest is cut off."""


def spec_changed(cafe: CafeDeployment, planned: Revision | None) -> Failure:
    """The failure of a release to the revision `planned` whose spec was edited (protocol 7)."""
    old = planned.template if planned else {}
    what = ", ".join(changed(old, cafe.template)) or "selector or topology"
    others = templates.difference(old, cafe.template, tuple(cafe.selector_labels)).others
    ways = "upgrade --supersede to release it, or roll back, which discards it"
    if others or not changed(old, cafe.template):
        ways = f"or roll back, which discards it: {NOT_IN_PLACE}"
    return Failure(
        REASON,
        f"the spec was edited during the release ({cut(what, WORDS)}); no further pods are "
        f"upgraded. Revert the edit and retry, {ways}",
    )


def releasable(failure: Failure | None) -> bool:
    """Whether `upgrade --supersede` may release the edit that `failure` describes."""
    return failure is None or not failure.message.endswith(NOT_IN_PLACE)


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The differences between two templates, in words."""
    diff = templates.difference(old, new)
    return [
        *(f"image of {name}: {old} -> {new}" for name, (old, new) in diff.images.items()),
        *(f"label {key}" for key in diff.labels),
        *(f"annotation {key}" for key in diff.annotations),
        *diff.others,
    ]


def ahead(cafe: CafeDeployment) -> bool:
    """Whether the spec has changes for which no release was started (protocol 7).

    The hashed fields (template, topology, podSetType, selector) and the pods per cell are compared
    with those in the record. `strategy` is not compared: it only says how a release proceeds.
    False before the first release, when there is no record.
    """
    record = cafe.record
    if record is None:
        return False
    return cafe.spec_hash != record.spec_hash or rescaled(cafe, record)


def rescaled(cafe: CafeDeployment, record: Record) -> bool:
    """Whether spec.replicas and spec.topology ask for other pods per cell than the release has.

    After the release's end: than it left. Also True if unitReplicas do not fit spec.replicas, or if
    there are more pods than a plan can have.
    """
    try:
        return cafe.wished_allocation() != _allocated(cafe, record)
    except Refused:
        return True


def unreleasable_counts(cafe: CafeDeployment) -> bool:
    """Whether a release of the spec would be refused: its numbers of pods do not fit together."""
    try:
        cafe.wished_allocation()
    except Refused:
        return True
    return False


def _allocated(cafe: CafeDeployment, record: Record) -> dict[str, int]:
    """The pods per cell of the active release; if none is active, after the last release.

    Empty after a release that was aborted while it scaled: then no client has set the counts.
    """
    if record.state is State.ABORTED and record.plan.before is not None:
        return {}
    left = cafe.recorded_allocation if record.state in RESTING else None
    return dict(record.plan.cells) if left is None else left


def noted(cafe: CafeDeployment, snapshot: Snapshot) -> Iterator[str]:
    """The messages about edits and scaling that do not change the release under way."""
    record = snapshot.record
    try:
        wish = cafe.wished_allocation()
        if wish != _allocated(cafe, record):
            effect = "the next release creates or removes the pods"
            yield f"spec.replicas or spec.topology changed{_counts(wish, snapshot)}: {effect}"
        elif record.state in RESTING and (found := _counts(wish, snapshot)):
            yield f"another client has scaled the workloads{found}: a release follows them"
    except Refused as error:
        yield f"spec.replicas or spec.topology is invalid: {error.message}"
    if record.state in RESTING:
        return
    if scaled := _scaled(snapshot):
        cells = ", ".join(f"{cell or 'all'}: {size}" for cell, size in scaled.items())
        yield (
            f"the workloads were scaled ({cells}): new pods start at the template's version and "
            "are upgraded with the last group or after it"
        )
        if any(size < record.plan.cells.get(cell, 0) for cell, size in scaled.items()):
            yield (
                "a scale-down deletes the most recently upgraded pods first: check that pods of "
                "the new version remain"
            )
    if record.kind is Kind.ROLLBACK:
        if cafe.spec_hash != record.spec_hash:
            yield "the spec was edited during the rollback: the rollback continues to its revision"
    elif cafe.strategy != record.plan.strategy:
        yield (
            "spec.strategy was edited: the edit takes effect with the next release "
            "(upgrade --supersede applies it now)"
        )


def _counts(wish: Mapping[str, int], snapshot: Snapshot) -> str:
    """The cells whose workloads have other replicas than the spec asks for, in parentheses.

    A workload that is missing has a note of its own.
    """
    found = by_cell.wished(snapshot.workloads)
    cells = [
        f"{cell or 'all'}: {size} in the spec, {found[cell]} in the workload"
        for cell, size in wish.items()
        if size != found.get(cell, size)
    ]
    return f" ({'; '.join(cells)})" if cells else ""


def _scaled(snapshot: Snapshot) -> Mapping[str, int]:
    """The spec.replicas, by cell, of workloads where it differs from the plan (C51, C52).

    Empty if the release itself scales the workloads.
    """
    plan = snapshot.record.plan.cells
    if snapshot.record.kind is Kind.CREATE or snapshot.record.plan.before is not None:
        return {}
    wished = by_cell.wished(snapshot.workloads)
    return {cell: size for cell, size in wished.items() if size != plan.get(cell)}

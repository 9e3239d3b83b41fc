"""Annotations that are nested deep, huge, or of another type: they cost what carries them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError
from kubectl_cafe.history.listing import detail_of, history_of
from kubectl_cafe.pods.model import parse
from kubectl_cafe.pods.record import Phase, encode
from kubectl_cafe.preflight import field_managers
from kubectl_cafe.printers import history
from kubectl_cafe.printers import status as printer
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.record import release_record
from kubectl_cafe.repair import findings
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.status.build import status_of
from kubectl_cafe.status.overview import overview
from kubectl_cafe.text import Size
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.record_json import encode as encode_release
from tests.unit.builders import (
    START,
    cafe_object,
    chronicle,
    pod,
    pod_record,
    release,
    revision,
    snapshot,
    stored_object,
    upgraded,
)
from tests.unit.poison import poisoned

NOON = "2026-11-23T12:00:00Z"
POD = pod_record(Phase.PATCHED, passed={"drained": NOON})
JOURNAL = (Entry(NOON, Trigger.START, State.PROGRESSING, "alice", "why"),)
RELEASE = release(State.PROGRESSING, journal=JOURNAL, failure=None)
KINDS = {
    "a patched pod's record": encode(POD),
    "a finished pod's record": encode(replace(POD, phase=Phase.FINISHED)),
}


def object_of(annotations: dict[str, str]) -> dict[str, Any]:
    """A pod as the server has it."""
    return {
        "metadata": {
            "name": "a",
            "uid": "uid-a",
            "resourceVersion": "7",
            "annotations": annotations,
            "ownerReferences": [{"uid": "uid-set", "controller": True}],
        },
        "spec": {"containers": [{"name": "main", "image": "app:v2"}]},
        "status": {"phase": "Running"},
    }


def shown(cafe: CafeDeployment, annotations: dict[str, str]) -> str:
    """What `status` prints of a release with this pod and a healthy one, after a decision."""
    record = cafe.record
    assert record is not None
    seen = snapshot(parse(object_of(annotations)), upgraded("b"), record=record)
    decision = decide(seen)
    assert "b" not in [patch.pod for patch in decision.patches]
    findings.find(cafe, seen)
    told = status_of(cafe, seen, decision.waits, None)
    json.dumps(printer.document(told)).encode()
    return printer.render(told, size=Size(100, 40))


def error_of(call: Callable[[], object]) -> CafeError | None:
    """The error that a person is meant to read; any other one fails the test."""
    try:
        call()
    except CafeError as error:
        return error
    return None


def cafe_with(**annotations: str) -> CafeDeployment:
    obj = cafe_object()
    obj["metadata"]["annotations"] = {names.RELEASE: encode_release(RELEASE), **annotations}
    return CafeDeployment(obj)


@pytest.mark.guard("a-deep-record-is-a-damaged-record")
@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_a_pod_s_poisoned_record_costs_that_pod_s_row(text: str) -> None:
    cafe = cafe_with()
    for what, poison in poisoned(text):
        said = shown(cafe, {names.IN_PLACE: poison})
        assert len(said) < 5000, what
        assert "b" in said, what


@pytest.mark.guard("an-epoch-is-a-number-of-a-lease")
def test_a_pod_s_poisoned_epoch_counts_for_nothing() -> None:
    for poison in ("9" * 5000, "9" * 19, "-1", "1e9", "0x1", "[[[", "", "\u0663" * 20):
        assert parse(object_of({names.EPOCH: poison})).epoch == 0
    assert parse(object_of({names.EPOCH: "12"})).epoch == 12


def test_a_poisoned_record_of_a_release_is_an_error_that_names_it_and_one_row_of_a_list() -> None:
    for what, poison in poisoned(encode_release(RELEASE)):
        obj = cafe_object()
        obj["metadata"]["annotations"] = {names.RELEASE: poison}
        line = overview(obj, START)
        assert line.name == "shop", what
        error = error_of(lambda obj=obj: CafeDeployment(obj).record)
        if error is not None:
            assert len(error.message) < 600, what
            assert error.hint, what
        elif CafeDeployment(obj).record is not None:
            assert shown(CafeDeployment(obj), {}), what


def test_a_poisoned_allocation_is_an_error_that_names_it() -> None:
    for what, poison in poisoned('{"": 2}'):
        cafe = cafe_with(**{names.ALLOCATION: poison})
        error = error_of(cafe.allocated)
        if error is not None:
            assert len(error.message) < 600, what
            assert names.ALLOCATION in error.where, what
        else:
            assert all(type(n) is int and n >= 0 for n in cafe.allocated().values()), what


def test_a_poisoned_chronicle_costs_what_it_tells() -> None:
    good = chronicle(release(State.COMPLETED))
    assert len(past_releases.decode(good).releases) == 1
    for what, poison in poisoned(good):
        damaged = revision("v1", 1, releases=poison)
        told = history_of(cafe_with(), (damaged, revision("v2", 2)), (), (pod("a"),), START)
        assert [line.name for line in told.revisions] == ["v1", "v2"], what
        assert detail_of(told, (damaged,), damaged), what


def test_a_poisoned_stored_release_is_a_problem_of_its_own() -> None:
    good = stored_object(release(State.COMPLETED))
    for what, poison in poisoned(json.dumps(good["data"])):
        try:
            data = json.loads(poison)
        except (ValueError, RecursionError):
            continue
        if not isinstance(data, dict):
            continue  # The API server refuses it.
        found = release_record.parse({**good, "data": data})
        assert (found.release is None) == bool(found.problem), what
        told = history_of(cafe_with(), (revision("v2", 2),), (found,), (), START)
        assert history.render(told), what


def test_what_kubectl_applied_last_may_be_anything() -> None:
    good = '{"spec": {"template": {"spec": {"containers": [{"name": "main"}]}}}}'
    for what, poison in poisoned(good):
        cafe = cafe_with(**{field_managers.LAST_APPLIED: poison})
        wished = CafeDeployment({**cafe.obj, "spec": {**cafe.spec, "template": {"spec": {}}}})
        assert list(field_managers.judge(cafe, wished)), what

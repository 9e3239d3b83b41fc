"""One line for each CafeDeployment, and the changes of a watch."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.printers.overview import document, item, render
from kubectl_cafe.status.model import Overview
from kubectl_cafe.status.overview import news, overview
from statemachine.lifecycle import State
from statemachine.record_json import encode
from tests.unit.builders import START, cafe_object, release

LINE = Overview("shop", "stores", "Progressing", "r1", "upgrade", 1, 2, 10, 3, 9, 75.0)


def of(annotation: str = "", **status: Any) -> Overview:
    obj = cafe_object()
    if annotation:
        obj["metadata"]["annotations"] = {names.RELEASE: annotation}
    return overview({**obj, "status": status}, START + 75)


def test_the_state_is_the_records_own_whatever_the_status_says() -> None:
    found = of(encode(release(State.PAUSED, origin=State.PROGRESSING)), state="Progressing")
    assert (found.state, found.group, found.groups, found.age) == ("Paused", 1, 2, 75.0)


def test_pods_are_counted_as_the_status_says() -> None:
    found = of(replicas=3, updatedReplicas=1, readyReplicas=2)
    assert (found.state, found.pods, found.updated, found.ready) == ("Idle", 3, 1, 2)


def test_a_record_that_cannot_be_read_hides_no_other_line() -> None:
    assert of("{").problem == "unreadable record"


def test_a_line_shows() -> None:
    assert render([LINE], spaces=False) == (
        "NAME    STATE        GROUP    PODS    UPDATED    READY    FOR\n"
        "shop    Progressing  1/2      10      3          9        75s"
    )


@pytest.mark.guard("the-list-reports-an-edited-spec")
def test_an_edited_spec_that_is_not_released_is_told() -> None:
    ahead = of(encode(release(State.COMPLETED, spec_hash="older")))
    assert ahead.spec_ahead

    released = of(
        encode(release(State.COMPLETED, spec_hash=CafeDeployment(cafe_object()).spec_hash))
    )
    assert not released.spec_ahead


def test_an_edited_spec_has_a_column_of_its_own() -> None:
    lines = [LINE, replace(LINE, name="cart", state="Completed", spec_ahead=True)]
    head, shop, cart = render(lines, spaces=False, width=40).splitlines()
    assert head.split()[:3] == ["NAME", "STATE", "SPEC"]
    assert (shop.split()[2], cart.split()[2]) == ("-", "edited")


def test_with_all_namespaces_each_is_named() -> None:
    assert render([LINE], spaces=True).splitlines()[1].startswith("stores       shop")


def test_the_lines_of_a_watch_stand_under_each_other() -> None:
    short, long = (
        render([replace(LINE, state=state)], spaces=False, steady=True)
        for state in ("Paused", "AwaitingConfirm")
    )
    assert short.index("1/2") == long.index("1/2")


def test_a_narrow_terminal_gets_fewer_columns_and_always_the_state() -> None:
    lines = render([LINE], spaces=True, width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert "Progressing" in lines[1]


def test_the_passing_of_time_is_no_news() -> None:
    assert not news(LINE, replace(LINE, age=80.0))
    assert news(LINE, replace(LINE, ready=10))


def test_the_documents_are_versioned() -> None:
    found = document([LINE])
    assert (found["apiVersion"], found["kind"]) == ("cafe.sofastack.io/v1", "ReleaseOverviewList")
    assert found["items"] == [item(LINE)]

"""An abort by force ends a release where it stands, never past a driver (C87)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.model import Condition
from kubectl_cafe.reconcile.decide import decide
from statemachine.lifecycle import Facts, State, Trigger
from statemachine.record import Entry
from tests.unit.builders import drained, patched, pod, quoted, release, snapshot

FORCED = release(State.ABORTING, forced=True)


def test_c87_an_abort_by_force_names_the_pods_that_are_left_behind() -> None:
    found = decide(snapshot(patched("b"), drained("a"), pod("c"), record=FORCED))
    assert found.patches == ()
    assert found.move is not None
    assert (found.move.trigger, found.move.facts) == (Trigger.ABORT, Facts(forced=True))
    assert found.move.why == "--force; 2 pods left out of traffic: a, b"


@pytest.mark.guard("a-forced-abort-names-its-user")
def test_c87_an_abort_by_force_is_signed_by_the_person_who_asked_for_it() -> None:
    asked = Entry("", Trigger.ABORT, State.ABORTING, "bob", "--force INC-99")
    found = decide(snapshot(pod("a"), record=replace(FORCED, journal=(asked,))))
    assert found.move is not None
    assert found.move.who == "bob"


@pytest.mark.guard("own-writes-are-answered-before-an-end-by-force")
def test_c87_an_abort_by_force_waits_until_every_own_write_is_answered() -> None:
    found = decide(snapshot(pod("a"), record=FORCED, busy=frozenset({"uid-a"})))
    assert (found.move, found.patches, found.at_rest) == (None, (), False)


def test_c87_an_abort_by_force_takes_no_pod() -> None:
    record = release(State.FAILED, origin=State.PROGRESSING, forced=True)
    assert decide(snapshot(pod("a"), pod("b"), record=record)).patches == ()


def test_c87_an_abort_by_force_names_the_pods_that_were_out_of_traffic_before() -> None:
    orphan = pod("a", gate=Condition("False"), ready=quoted())
    found = decide(snapshot(orphan, patched("b"), pod("c"), record=FORCED))
    assert found.move is not None
    assert found.move.why == "--force; 2 pods left out of traffic: a, b"

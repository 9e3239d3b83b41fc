"""Where a rollback goes, and a repeat that goes nowhere (protocol 7, protocol-next A3)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning import rollback_plan
from kubectl_cafe.planning.around import Around
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind, UpgradeType
from tests.unit.builders import cafe_object, pod, release, revision, template
from tests.unit.server import CR, Server, cafe

TURN = Entry("2026-11-28T03:09:00Z", Trigger.ROLLBACK, State.ROLLING_BACK, "bob", "INC-99")
REVISIONS = (
    revision("v0", 1, "Completed"),
    revision("v1", 2, "RolledBack"),
    revision("v2", 3, "RolledBack"),
)
AROUND = Around(REVISIONS, (), (pod("a"), pod("b")))
BOB = Mover("bob", "again")


def gone_back(state: State = State.ROLLED_BACK, **changes: Any) -> dict[str, Any]:
    """The CafeDeployment after, or in, a rollback from v2 to v1."""
    record = release(
        state, kind=Kind.ROLLBACK, to_revision="v1", from_revision="v2", journal=(TURN,)
    )
    return cafe(replace(record, **changes))


@pytest.mark.guard("a-repeated-rollback-goes-nowhere")
def test_a_rollback_that_has_ended_is_not_made_twice() -> None:
    server: Any = Server({CR: gone_back()})
    of = CafeDeployment(server.get(CR))

    after = moves.roll_back(server, of, AROUND, BOB, fast=False)

    assert after is of
    assert server.record.state is State.ROLLED_BACK
    assert rollback_plan.repeated(of) == TURN


def test_a_rollback_that_runs_is_not_made_twice() -> None:
    server: Any = Server({CR: gone_back(State.ROLLING_BACK)})
    of = CafeDeployment(server.get(CR))
    assert moves.roll_back(server, of, AROUND, BOB, fast=False, number=2) is of
    assert moves.roll_back(server, of, AROUND, BOB, fast=False) is of


def test_while_a_rollback_runs_one_to_another_revision_is_refused() -> None:
    server: Any = Server({CR: gone_back(State.ROLLING_BACK)})
    with pytest.raises(Refused, match="rollback is not allowed while the release is RollingBack"):
        moves.roll_back(server, CafeDeployment(server.get(CR)), AROUND, BOB, fast=False, number=1)


def test_with_a_revision_named_it_goes_further_back() -> None:
    assert rollback_plan.way(CafeDeployment(gone_back()), AROUND, False, 1).target.name == "v0"


@pytest.mark.parametrize("state", [State.COMPLETED, State.ABORTED, State.FAILED, State.PAUSED])
def test_in_any_other_state_it_is_no_repeat(state: State) -> None:
    assert (
        rollback_plan.repeated(CafeDeployment(gone_back(state, origin=State.ROLLING_BACK))) is None
    )


def test_after_an_edit_of_the_spec_it_is_no_repeat() -> None:
    obj = gone_back()
    obj["spec"]["template"] = template("app:v9")
    assert rollback_plan.repeated(CafeDeployment(obj)) is None


def test_an_edit_that_was_not_released_is_named_as_what_is_discarded() -> None:
    obj = cafe(release(State.COMPLETED))
    obj["spec"]["template"] = template("app:v9", team="payments")
    assert rollback_plan.discarded(CafeDeployment(obj), AROUND, REVISIONS[1]) == (
        "image of main: app:v2 -> app:v9",
        "label team",
    )


def test_an_edit_that_the_rollback_brings_about_is_not_discarded() -> None:
    obj = cafe(release(State.COMPLETED))
    obj["spec"]["template"] = template("app:v1")
    assert rollback_plan.discarded(CafeDeployment(obj), AROUND, REVISIONS[1]) == ()


@pytest.mark.guard("a-discarded-edit-is-reported")
def test_its_plan_has_the_difference_the_steps_of_a_rollback_and_the_discarded_edit() -> None:
    obj = cafe(release(State.COMPLETED))
    obj["spec"]["template"] = template("app:v9")
    of = CafeDeployment(obj)

    found = rollback_plan.proposal(of, AROUND, rollback_plan.way(of, AROUND, fast=False))

    assert (found.kind, found.target) == (Kind.ROLLBACK, "v1")
    assert found.difference.images == {"main": ("app:v2", "app:v1")}
    assert str(found.steps[0].kind) == "commit"
    assert f"{rollback_plan.DISCARDED}: image of main: app:v2 -> app:v9" in found.warnings


def test_where_the_revision_of_the_last_release_is_gone_no_edit_is_known() -> None:
    obj = cafe(release(State.COMPLETED))
    obj["spec"]["template"] = template("app:v9")
    around = Around(REVISIONS[:2], (), ())
    assert rollback_plan.discarded(CafeDeployment(obj), around, REVISIONS[1]) == ()


@pytest.mark.parametrize(("fast", "group"), [(True, None), (False, 1)])
def test_a_fast_rollback_takes_the_pods_of_a_cell_in_one_group(
    fast: bool, group: int | None
) -> None:
    of = CafeDeployment(cafe(release(State.COMPLETED, batch_size=1)))
    strategy = rollback_plan.way(of, AROUND, fast=fast).plan.strategy
    assert strategy.batch_size == group
    assert strategy.upgrade_type is (UpgradeType.BATCH if fast else UpgradeType.BETA)


@pytest.mark.parametrize(
    ("state", "command"), [(State.COMPLETED, "upgrade"), (State.PROGRESSING, "abort")]
)
def test_without_an_earlier_revision_a_command_is_named_that_is_legal(
    state: State, command: str
) -> None:
    of = CafeDeployment(cafe(release(state)))
    with pytest.raises(Refused, match="no earlier revision") as error:
        rollback_plan.way(of, Around(REVISIONS[2:], (), ()), fast=False)
    assert error.value.hint == f"kubectl cafe {command} shop -n stores"


def with_host_network() -> dict[str, Any]:
    """The template of v1 with a field that no patch changes in place."""
    made = template("app:v1")
    return {**made, "spec": {**made["spec"], "hostNetwork": True}}


MISSHAPEN = Around(
    (REVISIONS[0], replace(REVISIONS[1], template=with_host_network()), REVISIONS[2]),
    (),
    (pod("a"), pod("b")),
)
"""The revision that the release came from differs from the others in more than images."""


@pytest.mark.parametrize("state", [State.COMPLETED, State.ROLLED_BACK])
def test_a_revision_that_no_pod_is_at_any_more_forbids_no_rollback(state: State) -> None:
    of = CafeDeployment(cafe(release(state)))
    assert rollback_plan.way(of, MISSHAPEN, fast=False, number=1).target.name == "v0"


@pytest.mark.parametrize("state", [State.PROGRESSING, State.FAILED, State.ABORTED])
def test_c17_a_revision_that_pods_may_still_be_at_forbids_a_rollback_that_is_not_in_place(
    state: State,
) -> None:
    of = CafeDeployment(cafe(release(state)))
    with pytest.raises(Refused, match=r"revision 1 differs in .*hostNetwork"):
        rollback_plan.way(of, MISSHAPEN, fast=False, number=1)


def test_a_cafedeployment_without_a_record_has_no_rollback_to_repeat_and_none_under_way() -> None:
    of = CafeDeployment(cafe_object())
    assert rollback_plan.repeated(of) is None
    assert not rollback_plan.under_way(of, 0, AROUND)


@pytest.mark.parametrize(("number", "known"), [(0, True), (2, False)])
def test_a_rollback_whose_goal_was_pruned_is_under_way_for_whoever_asks_for_no_number(
    number: int, known: bool
) -> None:
    of = CafeDeployment(gone_back(State.ROLLING_BACK))
    assert rollback_plan.under_way(of, number, Around(REVISIONS[:1], (), ())) is known


def test_of_several_rollbacks_in_one_release_the_newest_is_the_one_that_would_be_repeated() -> None:
    again = replace(TURN, at="2026-11-28T04:00:00Z", who="ann")
    started = replace(TURN, trigger=Trigger.START, state=State.PROGRESSING)
    of = CafeDeployment(gone_back(journal=(started, TURN, again)))
    assert rollback_plan.repeated(of) == again


def test_a_rollback_that_the_journal_lost_is_told_with_the_end_of_its_release() -> None:
    of = CafeDeployment(gone_back(journal=()))
    found = rollback_plan.repeated(of)
    assert found is not None
    assert (found.at, found.who) == (release().since, "alice")

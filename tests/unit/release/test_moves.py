"""What people say to a release, where others speak at the same time (protocol 9, 10)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.errors import Conflict, Denied
from kubectl_cafe.planning.around import Around
from kubectl_cafe.release import moves
from kubectl_cafe.release.held import Fenced, under
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State
from tests.unit.builders import release, revision
from tests.unit.server import CR, Server, cafe


def existing(epoch: int) -> CafeDeployment:
    return CafeDeployment(cafe(release(epoch=epoch)))


@pytest.mark.guard("the-epoch-never-goes-down")
@pytest.mark.parametrize(
    ("transitions", "of_release", "of_pods", "expected"),
    [(9, 1, 1, 9), (0, 7, 1, 8), (0, 1, 7, 8), (7, 7, 7, 8)],
    ids=["the lease's", "the lease was deleted", "a pod's is the highest", "all the same"],
)
def test_c71_a_new_driver_is_above_every_epoch_that_was_ever_seen(
    transitions: int, of_release: int, of_pods: int, expected: int
) -> None:
    assert moves.epoch_after(existing(of_release), transitions, of_pods) == expected


@pytest.mark.guard("a-lower-epoch-writes-no-record")
def test_i7_a_record_under_a_later_epoch_is_not_taken_back() -> None:
    with pytest.raises(Fenced):
        under(release(epoch=5), 4, existing(5))


@pytest.mark.guard("a-rollback-is-judged-again")
def test_a_rollback_that_meets_a_conflict_is_judged_again() -> None:
    server: Any = Server({CR: cafe(release(State.PAUSED, origin=State.PROGRESSING))})
    before = CafeDeployment(server.get(CR))
    server.errors[CR] = [Conflict("stale")]
    around = Around((revision("v1", outcome="Completed"), revision("v2", 2)), (), ())

    moves.roll_back(server, before, around, Mover("alice", "fire"), fast=False)

    assert server.record.state is State.ROLLING_BACK
    assert server.record.to_revision == "v1"


def test_a_rollback_that_meets_a_409_of_what_has_not_changed_says_what_refuses_it() -> None:
    server: Any = Server({CR: cafe(release(State.PAUSED, origin=State.PROGRESSING))})
    server.errors[CR] = [Conflict("changed", server_message="not on a Friday", where=CR)]
    around = Around((revision("v1", outcome="Completed"), revision("v2", 2)), (), ())
    before = CafeDeployment(server.get(CR))

    with pytest.raises(Denied, match="not on a Friday"):
        moves.roll_back(server, before, around, Mover("alice", "fire"), fast=False)


@pytest.mark.guard("each-move-keeps-its-own-reason")
def test_a_rollback_leaves_who_started_the_release_and_why_as_they_were() -> None:
    server: Any = Server({CR: cafe(release(State.PAUSED, origin=State.PROGRESSING, why=""))})
    around = Around((revision("v1", outcome="Completed"), revision("v2", 2)), (), ())
    bob = Mover("bob", "INC-99")

    moves.roll_back(server, CafeDeployment(server.get(CR)), around, bob, fast=False)

    assert (server.record.who, server.record.why) == ("alice", "")
    assert (server.record.journal[-1].who, server.record.journal[-1].why) == ("bob", "INC-99")

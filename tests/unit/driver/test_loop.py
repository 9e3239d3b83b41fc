"""The loop that drives: when it ends, and by what (protocol 7, 10)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid
from kubectl_cafe.client.lease_view import LeaseLost
from kubectl_cafe.driver.refusals import LostRight
from kubectl_cafe.errors import CafeError
from statemachine.lifecycle import State
from tests.unit.builders import release
from tests.unit.server import CR, ENOUGH, SET, Server, cafe, driver, replicaset

COMMIT = release(cells={"": 0})


@pytest.mark.guard("a-lost-lease-ends-a-driver-that-waits")
def test_i7_a_driver_that_only_waits_hears_of_its_lost_lease() -> None:
    server = Server({CR: cafe(release(State.AWAITING_CONFIRM)), SET: replicaset()})
    lease = iter([None, LeaseLost("too late")])

    def check() -> None:
        if lost := next(lease, None):
            raise lost

    server.check_lease = check
    with pytest.raises(LeaseLost):
        driver(server, asks=True).run()


@pytest.mark.guard("a-refused-commit-fails-the-release")
def test_a_commit_that_the_server_refuses_fails_the_release_with_its_words() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    server.errors[SET] = [Invalid("spec.template: no such thing", where=SET)]

    driver(server).run()

    failure = server.record.failure
    assert server.record.state is State.FAILED
    assert failure is not None
    assert (failure.reason, failure.message) == (
        "PatchRefused",
        f"{SET}: spec.template: no such thing",
    )


def test_a_commit_that_the_server_takes_goes_on() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    driver(server).run()
    assert server.record.state is State.COMPLETED


WORDS = 'User "bob" cannot patch resource "replicasets"'
MAY_NOT = Forbidden("not allowed", where=SET, server_message=WORDS, method="PATCH")


@pytest.mark.guard("a-lost-right-leaves-the-state")
def test_a_right_that_is_lost_at_the_commit_ends_the_driver_and_leaves_the_state() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    server.errors[SET] = [MAY_NOT]
    server.allowed = False

    with pytest.raises(LostRight, match="permission to patch replicasets") as caught:
        driver(server).run()

    assert (server.record.state, caught.value.exit_code) == (State.PROGRESSING, 1)
    assert caught.value.hint == "kubectl auth can-i patch replicasets.apps -n stores"


@pytest.mark.guard("a-refused-list-ends-the-driver-in-order")
def test_pods_that_may_not_be_listed_any_more_end_the_driver_as_a_lost_right() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    server.allowed, driven = False, driver(server)
    pods = paths.pods("stores")
    watched: Any = driven._observer
    watched.unread = Forbidden("not allowed", where=pods, server_message="no", method="GET")

    with pytest.raises(LostRight, match="list pods"):
        driven.run()


def test_a_403_at_the_commit_that_is_no_lost_right_fails_the_release() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    server.errors[SET] = [Forbidden("frozen", where=SET, server_message="frozen", method="PATCH")]

    driver(server).run()

    assert server.record.state is State.FAILED


@pytest.mark.parametrize("error", [Forbidden, Invalid])
def test_a_record_that_can_t_be_written_ends_the_driver_with_the_servers_words(
    error: type[ApiError],
) -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    refusal = error("no moves on a Friday", where=CR, server_message="no", method="PATCH")
    server.errors[CR] = [refusal] * ENOUGH

    with pytest.raises(CafeError, match="no moves on a Friday"):
        driver(server).run()

    assert server.record.state is State.PROGRESSING
    assert len(server.errors[CR]) > 1


@pytest.mark.guard("a-status-that-cannot-be-written-ends-no-release")
def test_a_status_that_may_not_be_written_ends_no_release() -> None:
    server = Server({CR: cafe(COMMIT), SET: replicaset()})
    server.errors[f"{CR}/status"] = [MAY_NOT] * ENOUGH

    driver(server).run()

    assert server.record.state is State.COMPLETED
    assert len(server.errors[f"{CR}/status"]) < ENOUGH

"""The loop that drives: when it ends, and by what (protocol 7, 10)."""

from __future__ import annotations

import pytest

from kubectl_cafe.cluster.errors import Invalid
from kubectl_cafe.cluster.leaseview import LeaseLost
from statemachine.lifecycle import State
from tests.unit.builders import release
from tests.unit.engine.server import CR, SET, Server, cafe, driver, replicaset

COMMIT = release(cells={"": 0})


@pytest.mark.guard("a-lost-lease-ends-a-driver-that-waits")
def test_i7_a_driver_that_only_waits_hears_of_its_lost_lease() -> None:
    server = Server({CR: cafe(release(State.AWAITING_CONFIRM)), SET: replicaset()})
    lease = iter([None, LeaseLost("too late")])

    def check() -> None:
        if lost := next(lease, None):
            raise lost

    server.before_write = check
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

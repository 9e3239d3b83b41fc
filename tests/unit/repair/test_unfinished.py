"""What ends the repair of a pod before it is at home, and what is left then."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid, Unreachable
from kubectl_cafe.driver.refusals import PATIENCE
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.pods.patches import patch
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.reconcile.drift import PodRepair
from kubectl_cafe.repair.findings import Finding, What
from kubectl_cafe.repair.unfinished import (
    STOPPED,
    raise_fatal,
    refused,
    refused_watch,
    remaining,
    tired_of,
)
from kubectl_cafe.times import rfc3339
from statemachine.record import Failure
from tests.unit.builders import START, pod

ON_ITS_WAY = PodRepair("uid-a", rfc3339(START))
HAS_FAILED = PodRepair("uid-a", rfc3339(START), failure=Failure("ErrImagePull"))


def actor(*errors: ApiError) -> Writers:
    """One without threads, to whose writes of pod a the server has answered `errors`."""
    made = Writers(cast(Any, None), "stores", Cache("uid-cafe", InPlaceSet()), workers=0)
    for error in errors:
        made.failures.put((error, patch(pod("a"), "image")))
    return made


def finding(name: str) -> Finding:
    return Finding(What.DRIFT, f"pod/{name}", f"uid-{name}", "runs another image")


def test_where_nothing_was_refused_no_pod_has_failed() -> None:
    assert refused(actor(), ON_ITS_WAY) is None
    raise_fatal(actor())


@pytest.mark.parametrize("error", [Forbidden, Invalid])
def test_a_write_that_is_refused_for_good_fails_its_pod(error: type[ApiError]) -> None:
    failure = refused(actor(error("no such field", where="pod/a")), ON_ITS_WAY)
    assert failure == Failure("PatchRefused", "pod/a: no such field", "a")


def test_any_other_error_ends_the_repair() -> None:
    with pytest.raises(Unreachable):
        refused(actor(Unreachable("no route")), ON_ITS_WAY)


def test_a_write_that_is_refused_on_the_way_back_ends_the_repair() -> None:
    with pytest.raises(Forbidden):
        refused(actor(Forbidden("no")), HAS_FAILED)


def test_a_refusal_of_a_pod_that_is_on_no_way_is_raised() -> None:
    with pytest.raises(Forbidden):
        raise_fatal(actor(Forbidden("no")))


def test_a_write_that_has_failed_for_long_ends_the_repair_and_is_named() -> None:
    one = actor()
    one.troubles.note("uid-a", "pod a", Unreachable("no route", where="pod/a"), 100.0)
    assert tired_of(one, 100 + PATIENCE - 0.1, 0) is None
    error = tired_of(one, 100 + PATIENCE, 0)
    assert error is not None
    assert error.message == "pod a could not be written for 30s: no route"


def test_a_write_is_not_given_up_for_what_failed_before_the_repair_began() -> None:
    one = actor()
    one.troubles.note("uid-a", "pod a", Unreachable("no route"), 100.0)
    assert tired_of(one, 100 + PATIENCE, 101) is None


def test_a_watch_that_is_refused_fails_the_pod_with_its_words() -> None:
    error = Forbidden("not allowed", where="pods in namespace stores")
    found = refused_watch(error)
    assert found == Failure("WatchRefused", "pods in namespace stores: not allowed")
    assert refused_watch(None) is None


def test_of_what_is_left_each_says_why() -> None:
    a, b, c = finding("a"), finding("b"), finding("c")
    left = remaining((a, b, c), (b,), {"uid-a": "ErrImagePull"}, stopped=False)
    assert [(one.finding, one.why) for one in left] == [
        (a, "ErrImagePull"),
        (b, "not started: the repair of another pod failed"),
    ]


def test_of_a_repair_that_was_interrupted_the_rest_says_so() -> None:
    (left,) = remaining((finding("a"),), (finding("a"),), {}, stopped=True)
    assert left.why == STOPPED


def test_a_pod_that_is_as_before_without_a_reason_says_what_was_found() -> None:
    (left,) = remaining((finding("a"),), (finding("a"),), {}, stopped=False)
    assert left.why == "runs another image"

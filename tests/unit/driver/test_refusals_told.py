"""What a driver that ends by a refusal says: why, what to do, and which pods it leaves."""

from __future__ import annotations

import pytest

from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid
from kubectl_cafe.driver.refusals import Refusals
from kubectl_cafe.errors import CafeError
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.release.write_failures import Trouble
from statemachine.lifecycle import State
from tests.unit.builders import drained, patched, pod, pod_record, release, snapshot
from tests.unit.driver.test_refusals import patch, refusals

POD, PODS = paths.pods("stores", "a"), paths.pods("stores")
STATUS = "kubectl cafe status shop -n stores"
OWN = "kubectl get events -n stores"


def hinted(hint: str) -> Forbidden:
    """A refusal that says itself what to do, or nothing."""
    return Forbidden("not allowed", where=POD, server_message="no", method="PATCH", hint=hint)


def hint_of(ours: Refusals) -> str:
    assert ours.end is not None
    return ours.end.hint


HINTS = [(OWN, OWN), ("", STATUS)]


@pytest.mark.parametrize(("own", "told"), HINTS)
def test_a_watch_that_is_refused_says_what_to_do(own: str, told: str) -> None:
    ours, _ = refusals(allowed=True)
    ours.unseen(Forbidden("no", where=PODS, server_message="no", method="GET", hint=own))
    assert hint_of(ours) == told


@pytest.mark.parametrize(("own", "told"), HINTS)
def test_a_write_that_is_refused_says_what_to_do(own: str, told: str) -> None:
    ours, _ = refusals(allowed=True)
    ours.refused(hinted(own))
    assert hint_of(ours) == told


@pytest.mark.parametrize(("own", "told"), HINTS)
def test_a_write_that_is_given_up_says_what_to_do(own: str, told: str) -> None:
    ours, _ = refusals()
    failing = {"uid-a": Trouble("pod a", 0.0, hinted(own))}
    for now in (100.0, 130.0):
        of = snapshot(drained("a"), record=release(State.FAILED), now=now)
        ours.seen(of, failing, None, "")
    assert hint_of(ours) == told


@pytest.mark.parametrize(("own", "told"), HINTS)
def test_a_move_that_is_given_up_says_what_to_do(own: str, told: str) -> None:
    ours, _ = refusals()
    ours.unmoved(Trouble("cafedeployment/shop", 0.0, hinted(own)), 30.0)
    assert hint_of(ours) == told


@pytest.mark.parametrize(("where", "told"), [(PODS, PODS), ("", "cafedeployment/shop")])
def test_a_move_that_is_given_up_says_where_by_the_refusal_else_by_what_was_moved(
    where: str, told: str
) -> None:
    ours, _ = refusals()
    ours.unmoved(Trouble("cafedeployment/shop", 0.0, Forbidden("no", where=where)), 30.0)
    assert ours.end is not None
    assert ours.end.where == told


def test_a_right_that_is_lost_without_a_word_of_the_server_is_told_in_ours() -> None:
    ours, _ = refusals(allowed=False)
    ours.right_lost(Forbidden("not allowed by a proxy", where=POD, method="PATCH"))
    assert ours.end is not None
    assert ours.end.message == "permission to patch pods was lost: not allowed by a proxy"


def test_of_many_pods_that_are_left_five_are_named_and_the_rest_counted() -> None:
    ours, _ = refusals(allowed=True)
    ours.refused(hinted(""))
    assert ours.end is not None
    message = ours.end.error(list("gfedcba"), State.PROGRESSING).message
    assert message.endswith("; left out of traffic: a, b, c, d, e and 2 more")


def test_only_pods_that_are_out_of_traffic_are_named_as_left_so() -> None:
    """One in mode None is patched in traffic; the other was never taken."""
    ours, _ = refusals(allowed=True)
    ours.refused(hinted(""))
    served = patched("c", record=pod_record(mode=Mode.NONE))
    leaving = drained("e", terminating=True)
    of = snapshot(drained("a"), patched("b"), served, pod("d"), leaving)
    with pytest.raises(CafeError) as caught:
        ours.raise_end(of)
    assert caught.value.message.endswith("; left out of traffic: a, b")


def test_a_driver_that_leaves_already_records_no_failure() -> None:
    ours, _ = refusals(allowed=True)
    ours.refused(hinted(""))
    assert not ours.fails(Invalid("no", where=POD), patch("on"), State.PROGRESSING)
    assert ours.barred == {"uid-a"}


@pytest.mark.parametrize(("what", "ends"), [("on", True), ("image", False)])
def test_in_a_failed_release_only_an_image_patch_is_refused_without_an_end(
    what: str, ends: bool
) -> None:
    """No image is patched there any more, so the refused one was the last."""
    ours, _ = refusals(allowed=True)
    refusal: ApiError = Invalid("no", where=POD)
    assert not ours.fails(refusal, patch(what), State.FAILED)
    assert (ours.end is not None) is ends

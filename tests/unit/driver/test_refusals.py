"""What a refused write means: a lost right, admission, or trouble that may pass (protocol 10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    AdmissionFailed,
    ApiError,
    Forbidden,
    Invalid,
    Unreachable,
)
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver.refusals import LostRight, Refusals
from kubectl_cafe.errors import CafeError
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.preflight.access_review import Right, asked
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.release.write_failures import Trouble, Troubles, named
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State
from statemachine.steps import UpgradeType
from tests.unit.builders import (
    cafe_object,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    renewed,
    snapshot,
    writes,
)

POD = paths.pods("stores", "a")
WORDS = 'pods "a" is forbidden: User "ann" cannot patch resource "pods" in API group ""'
DENIED = Forbidden("not allowed", where=POD, server_message=WORDS, method="PATCH")
POLICY = Forbidden("not allowed: unsafe", where=POD, server_message="unsafe", method="PATCH")
DOWN = AdmissionFailed("admission failed: failed calling webhook w", where=POD)
ALL_AT_ONCE = release(max_unavailable=2, upgrade_type=UpgradeType.BATCH)


class Reviews:
    """A server that answers access reviews; `allowed` None: it does not answer."""

    def __init__(self, allowed: bool | None) -> None:
        self.allowed = allowed
        self.asked: list[Any] = []

    def create(self, path: str, body: Any, **_: Any) -> Any:
        assert path == paths.selfsubjectaccessreviews()
        self.asked.append(body["spec"]["resourceAttributes"])
        if self.allowed is None:
            raise Unreachable("no connection")
        return {"status": {"allowed": self.allowed}}


def refusals(allowed: bool | None = False) -> tuple[Refusals, Reviews]:
    reviews = Reviews(allowed)
    return Refusals(cast(Transport, reviews), CafeDeployment(cafe_object())), reviews


def patch(what: str = "image") -> PodPatch:
    return PodPatch("a", "uid-a", "7", what, False, {})


@pytest.mark.parametrize(
    ("method", "path", "right", "name"),
    [
        ("PATCH", paths.pods("stores", "a"), Right("patch", "pods"), "a"),
        ("PATCH", paths.pods("stores", "a", "status"), Right("patch", "pods", "", "status"), "a"),
        ("POST", paths.replicasets("stores"), Right("create", "replicasets", "apps"), ""),
        ("PUT", paths.leases("stores", "x"), Right("update", "leases", "coordination.k8s.io"), "x"),
    ],
)
def test_a_request_tells_the_right_that_it_needs(
    method: str, path: str, right: Right, name: str
) -> None:
    assert asked(method, path) == (right, "stores", name)


@pytest.mark.guard("a-lost-right-is-asked-for")
def test_a_right_is_lost_if_the_server_says_so_and_it_is_asked_once() -> None:
    ours, reviews = refusals(allowed=False)

    assert (ours.right_lost(POLICY), ours.right_lost(DENIED)) == (True, True)

    (attributes,) = reviews.asked
    assert attributes == {
        "namespace": "stores",
        "verb": "patch",
        "group": "",
        "resource": "pods",
        "subresource": "",
        "name": "a",
    }
    assert ours.end is not None
    error = ours.end.error(["a"], State.PROGRESSING)
    assert isinstance(error, LostRight)
    assert (error.exit_code, error.where) == (1, "pods in namespace stores")
    assert error.hint == "kubectl auth can-i patch pods -n stores"
    assert error.message == "permission to patch pods was lost: unsafe; left out of traffic: a"


@pytest.mark.parametrize(("error", "lost"), [(DENIED, True), (POLICY, False)])
def test_where_the_server_does_not_answer_the_words_decide(error: ApiError, lost: bool) -> None:
    ours, _ = refusals(allowed=None)
    assert ours.right_lost(error) is lost


@pytest.mark.guard("a-403-of-admission-fails-the-group")
@pytest.mark.parametrize("state", [State.PROGRESSING, State.ROLLING_BACK, State.ABORTING])
@pytest.mark.parametrize("error", [POLICY, Invalid("no", where=POD)])
def test_what_admission_refuses_fails_the_release(error: ApiError, state: State) -> None:
    ours, _ = refusals(allowed=True)
    assert ours.fails(error, patch(), state)
    assert ours.end is None


def test_a_lost_right_fails_nothing_and_its_pod_is_reopened() -> None:
    ours, _ = refusals(allowed=False)

    assert not ours.fails(DENIED, patch("image"), State.PROGRESSING)
    assert (ours.reopening, ours.barred) == (True, set())
    assert not ours.fails(DENIED, patch("on"), State.PROGRESSING)
    assert ours.barred == {"uid-a"}


def test_a_refused_image_patch_in_a_pause_reopens_the_pod_and_ends_the_driver() -> None:
    ours, _ = refusals(allowed=True)

    assert not ours.fails(POLICY, patch("image"), State.PAUSED)

    assert (ours.reopening, ours.barred) == (True, set())
    with pytest.raises(CafeError, match="unsafe") as caught:
        ours.raise_end(snapshot(record=release(State.PAUSED)))
    assert caught.value.exit_code == 3


def test_what_was_refused_is_tried_again_once_the_record_has_moved_but_for_a_lost_right() -> None:
    policy, _ = refusals(allowed=True)
    policy.fails(POLICY, patch("on"), State.FAILED)
    right, _ = refusals(allowed=False)
    right.fails(DENIED, patch("on"), State.FAILED)

    policy.moved()
    right.moved()

    assert (policy.end, policy.barred, policy.reopening) == (None, set(), False)
    assert (right.end is not None, right.barred, right.reopening) == (True, {"uid-a"}, True)


PODS = paths.pods("stores")
NOT_SEEN = Forbidden("not allowed: no", where=PODS, server_message="no", method="GET")


@pytest.mark.guard("a-watch-that-is-refused-ends-the-driver-in-order")
def test_a_watch_that_is_refused_reopens_the_drained_and_leaves_the_others_as_they_are() -> None:
    ours, reviews = refusals()
    ours.unseen(NOT_SEEN)
    flying = snapshot(
        drained("a"), patched("b"), pod("c"), record=ALL_AT_ONCE, off_since={"uid-a": 0}
    )

    of = ours.seen(flying, {}, None, "")

    assert (writes(of), of.barred) == (["on a"], frozenset({"uid-b"}))
    assert [one["verb"] for one in reviews.asked] == ["list"]
    with pytest.raises(
        LostRight, match=r"permission to list pods was lost.*left out of traffic: a, b"
    ):
        ours.raise_end(of)


def test_a_watch_that_is_refused_for_another_reason_ends_the_driver_with_its_words() -> None:
    ours, reviews = refusals(allowed=True)
    ours.unseen(NOT_SEEN)
    assert [one["verb"] for one in reviews.asked] == ["list", "watch"]
    ours.moved()
    with pytest.raises(CafeError, match="not allowed: no"):
        ours.raise_end(snapshot())


def test_a_pod_that_was_seen_to_be_upgraded_is_opened_although_no_watch_is_left() -> None:
    ours, _ = refusals()
    ours.unseen(NOT_SEEN)
    assert writes(ours.seen(renewed(), {}, None, "")) == ["on a"]


# What is decided by it


def leaving(*pods: Any, **changes: Any) -> Snapshot:
    return snapshot(*pods, reopening=True, off_since={"uid-a": 0.0}, **changes)


def test_a_driver_that_leaves_takes_no_pod_and_reopens_the_drained() -> None:
    of = leaving(drained("a"), pod("b"), record=ALL_AT_ONCE)
    assert writes(of) == ["on a"]


@pytest.mark.guard("a-barred-pod-is-left-as-it-is")
def test_a_pod_that_no_write_reaches_is_left_as_it_is_and_at_rest() -> None:
    decision = decide(leaving(drained("a"), barred=frozenset({"uid-a"})))
    assert (decision.patches, decision.at_rest, decision.move) == ((), True, None)


@pytest.mark.guard("a-driver-that-cannot-read-takes-no-pod")
def test_i9_a_driver_that_does_not_hear_takes_no_pod_and_finishes_those_in_flight() -> None:
    of = snapshot(drained("a"), pod("b"), record=ALL_AT_ONCE, off_since={"uid-a": 0.0})
    assert writes(of) == ["image a", "off b"]
    assert writes(replace(of, unheard=True)) == ["image a"]


@pytest.mark.guard("a-write-that-fails-is-named")
def test_what_can_t_be_written_is_named_in_what_is_awaited_and_in_the_failure() -> None:
    of = snapshot(drained("a"), now=700.0, troubles=("pod a: failed calling webhook w",))
    decision = decide(of)
    assert texts(decision.waits)[0] == "pod a: failed calling webhook w"
    assert decision.move is not None
    assert decision.move.failure is not None
    assert "failed calling webhook w" in decision.move.failure.message


def test_one_error_of_many_objects_is_named_once() -> None:
    found = named(Trouble(f"pod {name}", 0.0, DOWN) for name in "dbcae")
    assert found == ("pod a, pod b, pod c and 2 more: admission failed: failed calling webhook w",)


def test_trouble_counts_from_the_first_failure_of_the_same_kind_of_write() -> None:
    troubles = Troubles()
    troubles.note("a", "pod a", DOWN, 1.0)
    troubles.note("a", "pod a", DOWN, 2.0)
    troubles.note("b", "pod b", DOWN, 1.0, image=True)
    troubles.note("b", "pod b", DOWN, 2.0)
    troubles.note("c", "pod c", DOWN, 3.0)
    troubles.keep({"a", "b"})

    assert {key: one.since for key, one in troubles.all().items()} == {"a": 1.0, "b": 2.0}


# Given up


def tried(ours: Refusals, now: float, state: State, *, image: bool = False) -> Snapshot:
    of = snapshot(drained("a"), record=release(state), now=now)
    return ours.seen(of, {"uid-a": Trouble("pod a", 0.0, DOWN, image)}, None, "")


@pytest.mark.guard("a-write-that-fails-is-given-up")
def test_a_write_that_fails_for_long_where_no_pod_is_taken_is_given_up() -> None:
    ours, _ = refusals()

    assert not tried(ours, 100.0, State.FAILED).barred
    assert not tried(ours, 129.0, State.FAILED).barred
    seen = tried(ours, 130.0, State.FAILED)

    assert seen.barred == {"uid-a"}
    with pytest.raises(CafeError, match="left out of traffic: a") as caught:
        ours.raise_end(seen)
    assert (caught.value.exit_code, "failed calling webhook" in caught.value.message) == (4, True)


def test_a_write_that_fails_for_long_is_given_up_beside_one_that_has_begun_to_fail_now() -> None:
    ours, _ = refusals()
    both = {"uid-b": Trouble("pod b", 129.0, DOWN), "uid-a": Trouble("pod a", 0.0, DOWN)}
    of = snapshot(drained("a"), drained("b"), record=release(State.FAILED), now=100.0)
    ours.seen(of, both, None, "")
    assert ours.seen(replace(of, now=130.0), both, None, "").barred == {"uid-a"}


def test_an_image_patch_that_fails_for_long_is_left_out_and_the_pod_reopened() -> None:
    ours, _ = refusals()
    tried(ours, 100.0, State.PAUSED, image=True)

    seen = tried(ours, 130.0, State.PAUSED, image=True)

    assert (seen.reopening, seen.barred) == (True, frozenset())


def test_a_release_that_goes_on_gives_no_write_up_before_its_deadline() -> None:
    ours, _ = refusals()
    tried(ours, 100.0, State.PROGRESSING)
    assert not tried(ours, 500.0, State.PROGRESSING).barred


def test_a_move_that_can_t_be_written_for_long_ends_the_driver() -> None:
    ours, _ = refusals()

    ours.unmoved(Trouble("cafedeployment/shop", 100.0, DOWN), 129.0)
    assert ours.end is None
    ours.unmoved(Trouble("cafedeployment/shop", 100.0, DOWN), 130.0)

    assert ours.end is not None
    assert "could not be written for 30s" in ours.end.message


@pytest.mark.parametrize(("to", "barred"), [("v2", frozenset()), ("v1", frozenset({"uid-a"}))])
def test_without_a_watch_a_pod_that_is_done_at_another_revision_stays_as_it_is(
    to: str, barred: frozenset[str]
) -> None:
    told, _ = refusals()
    told.unseen(Forbidden("not allowed", where=paths.pods("stores"), method="GET"))
    before = patched(record=pod_record(to=to), observed=2)
    shown = structs.replace(
        before,
        containers={"main": container("C2", f"app:{to}")},
        ready=quoted(),
    )
    of = snapshot(shown, sightings={shown.uid: look(look(None, before, 0), shown, 5)})
    assert assess(shown, of).done
    assert told.seen(of, {}, None, "").barred == barred

"""What is waited for is a value; its words stand in one place."""

from __future__ import annotations

import pytest

from kubectl_cafe.waits import NAMED, For, Wait, listed, of_pods

FULL = {"pods": ("a", "b"), "name": "NAME", "reason": "REASON", "message": "MESSAGE"}


@pytest.mark.parametrize("what", For, ids=lambda what: what.name)
def test_every_kind_of_wait_is_worded_from_its_fields_alone(what: For) -> None:
    text = str(Wait(what, **FULL))  # type: ignore[arg-type]
    assert text
    assert not {"{", "}"} & set(text)


def test_of_many_pods_the_first_are_named_and_the_others_counted() -> None:
    pods = tuple("abcde")
    assert str(Wait(For.NODE, pods)) == "pods on a lost node: a, b, c and 2 more"
    assert str(Wait(For.NODE, pods[:NAMED])) == "pods on a lost node: a, b, c"


def test_where_there_are_no_pods_nothing_is_waited_for() -> None:
    assert of_pods(For.NODE, ()) == []


def test_a_container_s_wait_begins_as_its_failure_does() -> None:
    wait = Wait(For.CONTAINER, ("a",), "main", "ErrImagePull", "no such image")
    assert wait.without("a/main: ErrImagePull: no such image") is None
    assert listed([wait, Wait(For.COMMIT)]) == (
        "pod a: container main: ErrImagePull: no such image; "
        "the commit (the workloads get the target template)"
    )


def test_what_is_no_container_s_has_no_place_in_a_failure() -> None:
    wait = Wait(For.POD, ("a",), message="unschedulable")
    assert wait.without("a/main: ErrImagePull") is wait


def test_pods_other_than_the_failed_one_are_still_waited_for() -> None:
    wait = Wait(For.CONTAINER, ("a", "b", "aa"), "main", "ErrImagePull", "no such image")
    left = wait.without("a/main: ErrImagePull: no such image")
    assert str(left) == "pods b, aa: container main: ErrImagePull: no such image"

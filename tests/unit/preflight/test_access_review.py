"""The rights that a release needs, and how a missing one is told."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.manifests import manifests
from kubectl_cafe.planning.finding import Level
from kubectl_cafe.preflight import access_review
from kubectl_cafe.preflight.access_review import Right, every
from tests.unit.preflight.cases import MAY_NOT, said

WRITES = {"create", "update", "patch", "delete"}
CREATE_BY_FILE = Right("create", names.PLURAL, names.GROUP)
"""`upgrade -f` alone creates the resource itself: no release needs it."""
EVERY = every("replicasets")
ALL = access_review.needed("replicasets", pods=True, gated=True, leased=False)


def rules(role: str) -> list[Any]:
    """The rules of one role in the manifest."""
    found = [one for one in manifests(rbac=True) if one["metadata"]["name"] == role]
    return list(found[0]["rules"])


def operator() -> set[Right]:
    """The writes that the operator's role in the manifest allows."""
    return {
        Right(verb, *_named(resource, group))
        for rule in rules("kubectl-cafe-operator")
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb in WRITES
    }


def _named(resource: str, group: str) -> tuple[str, str, str]:
    plural, _, sub = resource.partition("/")
    return plural, group, sub


def test_the_rights_that_are_asked_for_are_those_that_the_operators_role_gives() -> None:
    assert operator() == EVERY | {CREATE_BY_FILE}


def test_the_viewers_role_gives_none_of_them() -> None:
    given = {verb for rule in rules("kubectl-cafe-viewer") for verb in rule["verbs"]}
    assert not given & WRITES


def test_nothing_denied_is_well() -> None:
    (found,) = access_review.judge(dict.fromkeys(EVERY, True), ALL, "stores")
    assert found.level is Level.OK


@pytest.mark.guard("a-denied-right-is-refused")
def test_a_denied_right_is_refused_with_the_command_that_asks_for_it() -> None:
    answers = {**dict.fromkeys(EVERY, True), access_review.GATES: False}
    (found,) = access_review.judge(answers, ALL, "stores")
    assert (found.level, found.message) == (Level.REFUSED, "no permission to patch pods/status")
    assert found.hint.startswith("kubectl auth can-i patch pods --subresource=status -n stores")


def test_a_right_that_this_release_does_not_use_refuses_nothing() -> None:
    answers = {**dict.fromkeys(EVERY, True), access_review.GATES: False}
    sure = access_review.needed("replicasets", pods=True, gated=False, leased=True)
    assert said(access_review.judge(answers, sure, "stores")) == [
        "warning: no permission to patch pods/status: this release does not need it"
    ]


@pytest.mark.parametrize(
    "right", [access_review.TELL, access_review.PRUNE, access_review.OWN], ids=str
)
def test_what_a_release_can_do_without_is_a_warning(right: Right) -> None:
    answers = {**dict.fromkeys(EVERY, True), right: False}
    (found,) = access_review.judge(answers, ALL, "stores")
    assert (found.level, str(right) in found.message) == (Level.WARNING, True)


def test_every_right_is_needed_for_something() -> None:
    assert ALL | set(access_review.CONSEQUENCES) == EVERY


def test_an_answer_that_did_not_come_is_no_pass() -> None:
    (found,) = said(access_review.judge(MAY_NOT, ALL, "stores"))
    assert found.startswith("not checked: permissions for the release's writes")

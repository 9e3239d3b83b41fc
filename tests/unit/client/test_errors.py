"""What an answer says about the write."""

from __future__ import annotations

import json

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.http.answers import error_for
from kubectl_cafe.errors import CONFLICT

POD = "/api/v1/namespaces/shop/pods/web-1"


def answer(message: str = "said", reason: str = "", **details: object) -> bytes:
    body = {"kind": "Status", "reason": reason, "message": message, "details": details}
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("status", "method", "kind"),
    [
        (400, "PATCH", errors.Invalid),
        (401, "PATCH", errors.Unauthorized),
        (403, "PATCH", errors.Forbidden),
        (409, "PATCH", errors.Conflict),
        (410, "GET", errors.Expired),
        (415, "PATCH", errors.Invalid),
        (422, "PATCH", errors.Invalid),
        (429, "PATCH", errors.Throttled),
        (500, "GET", errors.ServerError),
        (500, "PATCH", errors.UnknownOutcome),
        (504, "POST", errors.UnknownOutcome),
    ],
)
def test_a_status_becomes_the_error_that_says_what_happened(
    status: int, method: str, kind: type[errors.ApiError]
) -> None:
    error = error_for(status, answer(), POD, method)
    assert type(error) is kind
    assert error.status == status


def test_an_error_names_the_object_and_the_servers_own_words() -> None:
    error = error_for(422, answer("spec.containers[0].image: Required value"), POD, "PATCH")
    assert error.where == POD
    assert "spec.containers[0].image: Required value" in error.message


def test_a_missing_object_is_gone() -> None:
    body = answer('pods "web-1" not found', "NotFound", name="web-1", kind="pods")
    assert type(error_for(404, body, POD, "GET")) is errors.NotFound


def test_a_foreign_uid_is_gone_and_not_invalid() -> None:
    body = answer(
        'Pod "web-1" is invalid: metadata.uid: Invalid value: "a": field is immutable',
        "Invalid",
        causes=[{"field": "metadata.uid", "message": "field is immutable"}],
    )
    assert type(error_for(422, body, POD, "PATCH")) is errors.NotFound


@pytest.mark.parametrize(
    "said",
    [
        "Precondition failed: UID in precondition: a, UID in object meta: b",
        "the UID in the precondition (a) does not match the UID in record (b)",
    ],
)
def test_a_delete_with_a_foreign_uid_is_gone_and_no_conflict(said: str) -> None:
    assert type(error_for(409, answer(said, "Conflict"), POD, "DELETE")) is errors.NotFound


def test_a_name_that_is_taken_already_exists() -> None:
    body = answer('leases "cafe-web" already exists', "AlreadyExists")
    assert type(error_for(409, body, POD, "POST")) is errors.AlreadyExists


def test_a_conflict_leaves_with_the_conflicts_exit_code() -> None:
    assert error_for(409, answer(), POD, "PATCH").exit_code == CONFLICT


def test_a_missing_crd_says_how_to_install_it() -> None:
    path = "/apis/apps.cafe.cloud.alipay.com/v1alpha1/namespaces/shop/cafedeployments"
    error = error_for(404, b"404 page not found\n", path, "GET")
    assert type(error) is errors.NoSuchKind
    assert error.hint == "kubectl cafe init"


def test_forbidden_names_verb_resource_and_user_and_says_how_to_ask() -> None:
    said = (
        'pods "web-1" is forbidden: User "jane" cannot patch resource "pods/status" '
        'in API group "" in the namespace "shop"'
    )
    error = error_for(403, answer(said, "Forbidden"), POD, "PATCH")
    assert 'User "jane" cannot patch resource "pods/status"' in error.message
    assert error.hint.startswith("kubectl auth can-i patch pods --subresource=status -n shop")
    assert "kubectl cafe init --rbac" in error.hint


def test_forbidden_in_another_group_asks_for_that_group() -> None:
    said = (
        'leases.coordination.k8s.io is forbidden: User "jane" cannot create resource "leases" '
        'in API group "coordination.k8s.io" in the namespace "shop"'
    )
    error = error_for(403, answer(said, "Forbidden"), POD, "POST")
    assert error.hint.startswith("kubectl auth can-i create leases.coordination.k8s.io -n shop")


def test_a_proxys_page_is_shown_in_one_short_line() -> None:
    page = b"<html>\n<body>Bad Gateway " + b"x" * 1000
    error = error_for(502, page, POD, "GET")
    assert "<html> <body>Bad Gateway" in error.message
    assert len(error.message) < 400


def test_an_unreachable_server_is_named_with_its_context() -> None:
    error = errors.unreachable("https://10.0.0.1:6443", "prod", "connection refused")
    assert "https://10.0.0.1:6443" in error.message
    assert "prod" in error.message
    assert error.hint == "kubectl --context prod cluster-info"


DOWN = 'Internal error occurred: failed calling webhook "w.example": failed to call webhook: Post'
DENIED = 'admission webhook "w.example" denied the request: not on a Friday'
BY_POLICY = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not on a Friday"


@pytest.mark.parametrize("said", [DOWN, "resource quota evaluation timed out", DENIED])
@pytest.mark.guard("a-write-that-admission-failed-did-not-happen")
def test_a_write_that_admission_failed_did_not_happen(said: str) -> None:
    error = error_for(500, answer(said, "InternalError"), POD, "PATCH")

    assert type(error) is errors.AdmissionFailed
    assert isinstance(error, errors.NotSent)
    assert said in error.message
    assert "webhookconfigurations" in error.hint


@pytest.mark.parametrize("code", [400, 401, 404, 409, 410])
@pytest.mark.parametrize("said", [DENIED, BY_POLICY])
@pytest.mark.guard("a-denial-is-known-by-its-message")
def test_a_denial_by_admission_is_a_refusal_whatever_code_it_chose(said: str, code: int) -> None:
    error = error_for(code, answer(said, "Conflict"), POD, "PATCH")

    assert type(error) is errors.Denied
    assert isinstance(error, errors.Invalid)
    assert error.message == f"the API server refused the request: {said}"


def test_a_denial_that_a_webhook_answers_with_403_or_422_is_sorted_by_its_code() -> None:
    assert type(error_for(403, answer(DENIED), POD, "PATCH")) is errors.Forbidden
    assert type(error_for(422, answer(DENIED), POD, "PATCH")) is errors.Invalid


def test_a_webhook_that_is_busy_may_be_asked_again() -> None:
    assert type(error_for(429, answer(DENIED), POD, "PATCH")) is errors.Throttled


def test_the_words_of_a_read_tell_nothing_about_admission() -> None:
    assert type(error_for(500, answer(DOWN), POD, "GET")) is errors.ServerError


def test_an_exceeded_quota_is_known() -> None:
    said = 'replicasets "web" is forbidden: exceeded quota: tight, requested: pods=1'
    error = error_for(403, answer(said, "Forbidden"), POD, "POST")
    assert isinstance(error, errors.Forbidden)
    assert (error.over_quota, error.denied_right) == (True, False)


def test_a_409_of_an_object_that_has_not_changed_is_a_refusal_in_the_servers_words() -> None:
    stale = error_for(409, answer("try later", "Conflict"), POD, "PATCH")
    assert isinstance(stale, errors.Conflict)

    error = errors.not_stale(stale)

    assert (error.message, error.where) == ("the API server refused the request: try later", POD)
    assert (error.server_message, error.method) == ("try later", "PATCH")

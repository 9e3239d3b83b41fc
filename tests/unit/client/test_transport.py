"""Requests as they go out, answers as they come in, and the trace of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_cafe.client.access.identity import whoami
from kubectl_cafe.client.errors import Invalid
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD, PODS, HandClock
from tests.unit.client.stub import Reply, Stub, status


def test_a_get_returns_the_object(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(body={"metadata": {"name": "web-1"}})
    assert transport.get(POD) == {"metadata": {"name": "web-1"}}


def test_get_or_none_is_none_for_what_is_not_there(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: status(404, "NotFound", 'pods "web-1" not found', name="web-1")
    assert transport.get_or_none(POD) is None


def test_a_list_is_read_in_pages_and_starts_without_a_resource_version(
    stub: Stub, transport: Transport
) -> None:
    pages = {
        None: {"items": [{"n": 1}], "metadata": {"resourceVersion": "7", "continue": "more"}},
        "more": {"items": [{"n": 2}], "metadata": {"resourceVersion": "7"}},
    }
    stub.script = lambda asked: Reply(body=pages[asked.query.get("continue")])
    listing = transport.list(PODS, {"labelSelector": "app=web"})
    assert listing.items == [{"n": 1}, {"n": 2}]
    assert listing.resource_version == "7"
    assert [asked.query["limit"] for asked in stub.asked] == ["500", "500"]
    assert [asked.query["labelSelector"] for asked in stub.asked] == ["app=web", "app=web"]
    assert "resourceVersion" not in stub.asked[0].query


def test_a_list_whose_pages_expire_is_read_once_more_from_the_start(
    stub: Stub, transport: Transport
) -> None:
    answers = iter(
        [
            Reply(body={"items": [{"n": 1}], "metadata": {"continue": "more"}}),
            status(410, "Expired", "too old"),
            Reply(body={"items": [{"n": 2}], "metadata": {"resourceVersion": "9"}}),
        ]
    )
    stub.script = lambda _: next(answers)
    assert transport.list(PODS).items == [{"n": 2}]
    assert "continue" not in stub.asked[2].query


@pytest.mark.parametrize("version", ["abc", "1.5", "-1", "²", ["7"]])
def test_a_list_whose_version_is_no_number_is_refused(
    stub: Stub, transport: Transport, version: object
) -> None:
    """Which of two objects is newer could not be told."""
    stub.script = lambda _: Reply(body={"items": [], "metadata": {"resourceVersion": version}})
    with pytest.raises(Invalid, match=r"the resourceVersion .* is not a number") as caught:
        transport.list(PODS)
    assert (caught.value.where, caught.value.hint) == (PODS, f"kubectl get --raw '{PODS}?limit=1'")


def test_a_list_keeps_only_what_slim_leaves_of_each_item(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(body={"items": [{"keep": 1, "drop": 2}], "metadata": {}})
    assert transport.list(PODS, slim=lambda pod: {"keep": pod["keep"]}).items == [{"keep": 1}]


@pytest.mark.parametrize("kind", list(PatchKind))
def test_each_patch_goes_out_under_its_own_content_type(
    stub: Stub, transport: Transport, kind: PatchKind
) -> None:
    body: Any = [{"op": "test"}] if kind is PatchKind.JSON else {"metadata": {}}
    transport.patch(POD, body, kind)
    assert stub.asked[0].header("Content-Type") == kind.value
    assert stub.asked[0].body == body


def test_writes_name_the_field_manager_and_reads_do_not(stub: Stub, transport: Transport) -> None:
    transport.replace(POD, {})
    transport.get(POD)
    assert stub.asked[0].query == {"fieldManager": "kubectl-cafe"}
    assert stub.asked[1].query == {}


def test_a_dry_run_marks_every_write(stub: Stub, transport: Transport) -> None:
    transport.dry_run = "All"
    transport.create(PODS, {})
    transport.replace(POD, {})
    transport.patch(POD, {}, PatchKind.MERGE)
    transport.delete(POD)
    assert [asked.query["dryRun"] for asked in stub.asked] == ["All"] * 4


def test_the_user_agent_names_the_release_in_hand(stub: Stub, transport: Transport) -> None:
    transport.session(lambda: None, "r7").get(POD)
    agent = stub.asked[0].header("User-Agent") or ""
    assert agent.startswith("kubectl-cafe/")
    assert agent.endswith(" (release r7)")


def test_every_impersonated_group_is_sent(stub: Stub, connect: Callable[..., Transport]) -> None:
    connect(as_user="jane", as_groups=("a", "b")).get(POD)
    sent = [pair for pair in stub.asked[0].headers if pair[0].startswith("Impersonate")]
    assert sent == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
    ]


def test_the_servers_time_comes_from_its_date_header(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    server = clock.time() + 3600
    stub.script = lambda _: Reply()
    stub.now = lambda: server
    transport.get(POD)
    assert abs(transport.server_time() - server) <= 1.0


def test_the_trace_has_a_line_for_each_request_and_never_the_token(
    stub: Stub, transport: Transport
) -> None:
    lines: list[str] = []
    transport.trace, transport.verbosity = lines.append, 8
    transport.replace(POD, {"a": 1})
    (told,) = lines  # In one piece: another thread's request does not come between.
    first, *bodies = told.splitlines()
    assert first.startswith(f"PUT {stub.url}{POD}?fieldManager=kubectl-cafe 200 OK in ")
    assert bodies == ["Request Body: {'a': 1}", "Response Body: {}"]
    assert "secret" not in told


def test_at_level_6_the_trace_has_no_bodies(stub: Stub, transport: Transport) -> None:
    lines: list[str] = []
    transport.trace, transport.verbosity = lines.append, 6
    transport.replace(POD, {"a": 1})
    assert len(lines) == 1


def test_whoami_is_the_name_by_which_the_server_knows_us(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(201, {"status": {"userInfo": {"username": "jane"}}})
    assert whoami(transport) == "jane"
    assert stub.asked[0].path == "/apis/authentication.k8s.io/v1/selfsubjectreviews"

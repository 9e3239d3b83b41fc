"""Writes that nobody waits for: they hold nobody up, and their failure is nobody's."""

from __future__ import annotations

import threading

import pytest

from kubectl_cafe.client.transport import Transport
from tests.unit.client.stub import Reply, Stub, status

EVENTS = "/api/v1/namespaces/stores/events"


def aside(transport: Transport, event: object = "Event") -> None:
    """Create an Event aside, and wait for the thread that does it."""
    transport.create_aside(EVENTS, {"kind": event})
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(10)


def test_it_is_sent_past_the_last_check(stub: Stub, transport: Transport) -> None:
    def lost() -> None:
        raise AssertionError("the lease is lost")

    aside(transport.session(lost))
    assert [(asked.method, asked.path) for asked in stub.asked] == [("POST", EVENTS)]


@pytest.mark.parametrize(
    "reply",
    [
        status(403, "Forbidden", "no"),
        status(409, "AlreadyExists", "there"),
        Reply(429, {}, {"Retry-After": "1"}),
        Reply(reset=True),
    ],
    ids=["forbidden", "there", "throttled", "reset"],
)
def test_it_is_tried_once_and_its_failure_is_not_told(
    stub: Stub, transport: Transport, reply: Reply
) -> None:
    told: list[object] = []
    threading.excepthook, before = told.append, threading.excepthook
    stub.script = lambda _: reply
    try:
        aside(transport)
    finally:
        threading.excepthook = before
    assert (len(stub.asked), told) == (1, [])


def test_whatever_it_raises_there_is_no_traceback(stub: Stub, transport: Transport) -> None:
    told: list[object] = []
    threading.excepthook, before = told.append, threading.excepthook
    try:
        aside(transport, object())  # What no JSON can say.
    finally:
        threading.excepthook = before
    assert (stub.asked, told) == ([], [])


def test_that_it_is_forbidden_is_kept_until_it_is_not(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: status(403, "Forbidden", "events is forbidden")
    aside(transport)
    assert "events is forbidden" in transport.aside_refused

    stub.script = lambda _: Reply()
    aside(transport)
    assert transport.aside_refused == ""

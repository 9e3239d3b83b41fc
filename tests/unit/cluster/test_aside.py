"""Writes that nobody waits for: they hold nobody up, and their failure is nobody's."""

from __future__ import annotations

import threading

import pytest

from kubectl_cafe.cluster.transport import Transport
from tests.unit.cluster.stub import Reply, Stub, status

EVENTS = "/api/v1/namespaces/stores/events"


def aside(transport: Transport) -> None:
    """Create an Event aside, and wait for the thread that does it."""
    transport.create_aside(EVENTS, {"kind": "Event"})
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(10)


def test_it_is_sent_past_the_last_check(stub: Stub, transport: Transport) -> None:
    def lost() -> None:
        raise AssertionError("the lease is lost")

    transport.before_write = lost
    aside(transport)
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

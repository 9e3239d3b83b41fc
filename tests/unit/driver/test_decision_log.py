"""The log of decisions: silent by default, and each line once until it changes."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from kubectl_cafe.assessment.snapshot import Decision, Snapshot, Wanted
from kubectl_cafe.driver.decision_log import LOG, DecisionLog
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.reconcile.decide import decide
from statemachine.lifecycle import Trigger
from statemachine.record import Failure
from tests.unit.builders import pod, release, snapshot

SEEN = snapshot(pod("a"), record=release(cells={"": 1}))


def noted(log: DecisionLog, seen: Snapshot, decision: Decision | None = None) -> None:
    log.note(seen, decision or decide(seen))


def test_a_line_is_logged_once_until_the_reason_changes(caplog: pytest.LogCaptureFixture) -> None:
    log = DecisionLog()
    with caplog.at_level(logging.INFO, LOG.name):
        noted(log, SEEN)
        noted(log, SEEN)
        noted(log, replace(SEEN, stopping=True))
    start = f'release="{SEEN.record.id}" pod="a" state="candidate" reason='
    assert [message.removeprefix(start) for message in caplog.messages] == [
        "\"upgrade begins: write 'off'\"",
        '"this driver is stopping: no further pods"',
    ]


def test_nothing_is_logged_unless_somebody_asked(caplog: pytest.LogCaptureFixture) -> None:
    noted(DecisionLog(), SEEN)
    assert caplog.messages == []


def test_a_move_and_a_workload_are_logged_with_their_reasons(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failure = Failure("DeadlineExceeded", 'said "no"', "a")
    decision = Decision(
        workloads=(WorkloadWrite("web", False, {}, "commit v2"),),
        move=Wanted(Trigger.FAIL, failure=failure),
    )
    with caplog.at_level(logging.INFO, LOG.name):
        noted(DecisionLog(), replace(SEEN, pods={}), decision)
    written, moved = caplog.messages
    assert written.endswith('workload="web" write="commit v2"')
    assert moved.partition("move=")[2].startswith('"fail" reason="')
    assert "DeadlineExceeded" in moved
    assert '\\"no\\"' in moved

"""What several scenarios share: cells, strategies, and what people say."""

from __future__ import annotations

from statemachine.lifecycle import Trigger

VERBS = (
    Trigger.PAUSE,
    Trigger.RESUME,
    Trigger.CONFIRM,
    Trigger.RETRY,
    Trigger.ROLLBACK,
    Trigger.ABORT,
)
BACK, END, STOP = (Trigger.ROLLBACK,), (Trigger.ABORT,), (Trigger.PAUSE,)
HALT = (Trigger.PAUSE, Trigger.RESUME, Trigger.ABORT)
ONE_CELL = {"CellA": 2}
THREE_PODS = {"CellA": 1, "CellB": 1, "CellC": 1}
ONE_POD = {"CellA": 1}
CONFIRMED = {"maxUnavailable": 1, "needWaitingForConfirm": True}
BOTH = {"maxUnavailable": 2}
DRAINED = {"maxUnavailable": 1, "drainSeconds": 30}
READY = {"maxUnavailable": 1, "minReadySeconds": 30}
TWO_CHANGE = ("side:v1", "side:v2")
ONE_CHANGES = ("side:v1", "side:v1")

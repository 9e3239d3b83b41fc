"""Every move of a release is an Event on its CafeDeployment, and none of them holds it up."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from testbed.build import binary
from testbed.client import Object
from testbed.controlplane import ControlPlane
from testbed.faults import STALL, Fault
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.shop import NAME, Shop


def events(shop: Shop) -> list[Object]:
    """The Events of the CafeDeployment, in the order of the moves they tell."""
    found = shop.client.list("events")
    mine = [one for one in found if one["involvedObject"]["kind"] == "CafeDeployment"]
    return sorted(mine, key=lambda one: (str(one["lastTimestamp"]), str(one["metadata"]["name"])))


def reasons(found: Sequence[Object]) -> list[str]:
    """Their reasons."""
    return [str(one["reason"]) for one in found]


@pytest.mark.guard("moves-are-recorded-as-events")
def test_every_move_is_told_by_kubectl_describe(shop: Shop, control_plane: ControlPlane) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    assert shop.cafe("pause", NAME, "--reason", "lunch").code == 0
    assert shop.cafe("resume", NAME).code == 3
    assert shop.cafe("confirm", NAME).code == 0
    wait_for(lambda: reasons(events(shop))[-1:] == ["Completed"], "the last Event", 10)

    env = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}
    described = subprocess.run(
        [str(binary("kubectl")), "describe", "cafed", NAME, "-n", shop.client.namespace],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    told = [line.split()[1] for line in described.splitlines() if " kubectl-cafe " in line]
    # kubectl sorts by whole seconds: those of one second come in any order.
    assert sorted(told) == sorted(reasons(events(shop)))
    release = [one for one in events(shop) if shop.record()["id"] in one["metadata"]["name"]]
    wanted = ["Start", "AwaitingConfirm", "Pause", "Resume", "Confirm"]
    assert [reason for reason in reasons(release) if reason != "StepDone"] == [*wanted, "Completed"]
    assert "lunch" in described


def test_a_failure_is_told_as_a_warning(shop: Shop) -> None:
    shop.born(2, "none", minReadySeconds=2)

    assert shop.upgrade("app:crash").code == 4

    (failed,) = [one for one in events(shop) if one["type"] == "Warning"]
    assert failed["reason"] == "Failed"
    assert "CrashLoopBackOff" in failed["message"]


@pytest.mark.parametrize("fault", [Fault(code=403), STALL], ids=["refused", "unanswered"])
def test_a_release_ends_well_where_events_can_t_be_written(
    shop: Shop, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.on(lambda request: "/events" in request.path, fault, times=math.inf)

    replace(shop, cafe=shop.cafe.at(proxy.kubeconfig)).born(1, "none")

    assert shop.state() == "Completed"
    assert events(shop) == []

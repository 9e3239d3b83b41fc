"""`kill -9` of the driver at every single write of a release; `drive` finishes it (protocol 11).

Each write has a namespace, a proxy and a release of its own.
"""

from __future__ import annotations

import itertools
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from testbed.audit import Audit
from testbed.client import Client, Object
from testbed.controlplane import ControlPlane
from testbed.faults import Fault, Request, killed_after, killed_before
from testbed.plugin import Cafe
from testbed.proxy import FaultProxy
from tests.integration.shop import (
    LEASE,
    LEASES,
    NAME,
    Recording,
    Shop,
    condition,
    image,
    name,
    ready,
    status,
)
from tests.integration.stage import gate

AT_ONCE = 4
"""Processes that may be busy at a time."""
BUDGET = 2
"""The release's maxUnavailable: half of its pods."""
FAULTS: dict[str, Callable[[Callable[[], object]], Fault]] = {
    "before it is sent": killed_before,
    "before its answer is read": killed_after,
}


@dataclass(frozen=True)
class Play:
    """What is killed: a verb, and how all stands when another driver has finished its work.

    `restarts` of the four pods, sorted; `half_way`: it begins when half of the pods are at v2.
    """

    command: Sequence[str]
    end: str
    image: str
    restarts: Sequence[int]
    half_way: bool = False


UPGRADE = Play(
    ("upgrade", NAME, "--yes", "--image", "main=app:v2"), "Completed", "app:v2", (1, 1, 1, 1)
)
ROLLBACK = Play(("rollback", NAME, "--yes"), "RolledBack", "app:v1", (0, 0, 2, 2), half_way=True)


@dataclass(frozen=True)
class Death:
    """A run that was told to die at its n-th write; `write` says at which it did."""

    number: int
    write: str
    out_of_traffic: int
    unfinished: bool
    problems: Sequence[str]


@dataclass(frozen=True)
class Scene:
    """Where the runs take place."""

    plane: ControlPlane
    folder: Path
    mode: str
    play: Play
    busy: threading.Semaphore

    @contextmanager
    def shop(self) -> Iterator[tuple[Shop, FaultProxy]]:
        """Four pods in two cells, in a namespace of their own, and a proxy to break."""
        space = f"t-{secrets.token_hex(4)}"
        client = Client.of(self.plane)
        client.create("namespaces", {"metadata": {"name": space}})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        client.within(space).apply("serviceaccounts", account)
        cafe = Cafe(self.plane.kubeconfig, space)
        folder = self.folder / space
        folder.mkdir()
        with FaultProxy(self.plane, folder) as proxy:
            shop = Shop(client.within(space), cafe, Audit.of(self.plane))
            with self.busy:
                shop.born(
                    4,
                    self.mode,
                    cells=["CellA", "CellB"],
                    containers={"main": "app:v1", "side": "side:v1"},
                    maxUnavailable=BUDGET,
                )
                if self.play.half_way:
                    shop.edit({"strategy": {"batchSize": 2, "needWaitingForConfirm": True}})
                    assert shop.upgrade("app:v2").code == 3
            yield shop, proxy
        client.delete("namespaces", space)

    def undisturbed(self) -> int:
        """How many writes it takes."""
        with self.shop() as (shop, proxy):
            cafe = shop.cafe.at(proxy.kubeconfig)
            pods = Recording(shop.client, "pods", shop.now())
            done = cafe(*self.play.command)
            assert done.code == 0, done.err
            assert not list(wrong_on_the_way(pods.so_far()))
            return sum(counts(request) for request in proxy.writes)

    def killed_at(self, number: int, fault: Callable[[Callable[[], object]], Fault]) -> Death:
        """Kill the driver at write `number` and have another finish the release."""
        with self.shop() as (shop, proxy):
            before = {name(pod): str(pod["metadata"]["uid"]) for pod in shop.pods()}
            pods, begun = Recording(shop.client, "pods", shop.now()), ""
            cafe = shop.cafe.at(proxy.kubeconfig)
            proxy.on(nth(number), fault(lambda: cafe.runs[-1].send(signal.SIGKILL)))
            with self.busy:
                died = cafe(*self.play.command)
            write = last_counted(proxy, number) if died.code == -signal.SIGKILL else "none"
            out = sum(not ready(pod) for pod in shop.pods())
            unfinished = shop.state() != self.play.end
            run_out(shop)
            with self.busy:
                driven = shop.cafe("drive", NAME)
                if self.play.image not in str(shop.cafed()["spec"]["template"]):
                    # It died before its intent was written: nothing has begun, so begin anew.
                    begun = "begun anew"
                    run_out(shop)
                    driven = shop.cafe(*self.play.command)
            problems = [
                *([] if driven.code == 0 else [f"exit {driven.code}: {driven.err}"]),
                *wrong_at_the_end(shop, self.play, before),
                *wrong_on_the_way(pods.so_far()),
            ]
            return Death(number, f"{write} {begun}".strip(), out, unfinished, problems)


def run_out(shop: Shop) -> None:
    """The lease of the dead driver, if it had one, is past its time beyond doubt."""
    if shop.client.find(LEASES, LEASE) is not None:
        shop.forget_lease()


def counts(request: Request) -> bool:
    """Whether it is a write of the release: lease renewals and Events come when they come."""
    if "/events" in request.path:
        return False
    if not request.write or "/leases" not in request.path:
        return bool(request.write)
    spec = request.json["spec"]
    return bool(not spec["holderIdentity"] or spec["acquireTime"] == spec["renewTime"])


def nth(number: int) -> Callable[[Request], bool]:
    """Matches the n-th write of the release that the proxy sees."""
    seen = itertools.count(1)
    return lambda request: counts(request) and next(seen) == number


def last_counted(proxy: FaultProxy, number: int) -> str:
    """The n-th write in words."""
    request = [request for request in proxy.writes if counts(request)][number - 1]
    return f"{request.method} {'/'.join(request.path.split('/')[-3:])}"


def wrong_at_the_end(shop: Shop, play: Play, before: dict[str, str]) -> Iterator[str]:
    """What is not as it should be once the release is over."""
    pods = shop.pods()
    if shop.state() != play.end:
        yield f"the release is {shop.state()}"
    if {name(pod): pod["metadata"]["uid"] for pod in pods} != before:
        yield "other pods than before"
    for container, wanted in (("main", play.restarts), ("side", (0, 0, 0, 0))):
        restarts = sorted(status(pod, container)["restartCount"] for pod in pods)
        if restarts != list(wanted):
            yield f"restarts of {container}: {restarts}"
    for pod in pods:
        if (image(pod), ready(pod)) != (play.image, True):
            yield f"{name(pod)}: {image(pod)}, Ready {condition(pod)}"
    for workload in shop.client.list("apps/v1/replicasets"):
        if image(workload["spec"]["template"]) != play.image:
            yield f"{name(workload)} makes pods of {image(workload['spec']['template'])}"


def wrong_on_the_way(history: Sequence[Object]) -> Iterator[str]:
    """Which invariants the pods' history breaks: I1, I2, I3 for a set that was whole before."""
    last: dict[str, Object] = {}
    for pod in history:
        known = last.get(name(pod))
        last[name(pod)] = pod
        if known is None or not gate(pod):
            continue
        if image(pod) != image(known) and ready(known):
            yield f"{name(pod)} was patched while it was Ready"
        opened = gate(known) != "True" and gate(pod) == "True"
        if opened and status(pod)["image"] != image(pod):
            yield f"{name(pod)} was opened with {status(pod)['image']}"
        closed = [key for key, one in last.items() if gate(one) != "True"]
        if len(closed) > BUDGET:
            yield f"out of traffic at once: {', '.join(closed)}"


@pytest.mark.parametrize(
    ("play", "mode", "moment"),
    [
        pytest.param(UPGRADE, "gate", "before it is sent", id="upgrade-gate-unsent"),
        pytest.param(UPGRADE, "gate", "before its answer is read", id="upgrade-gate-unanswered"),
        pytest.param(UPGRADE, "none", "before its answer is read", id="upgrade-none-unanswered"),
        pytest.param(ROLLBACK, "gate", "before its answer is read", id="rollback-gate-unanswered"),
    ],
)
def test_a_driver_killed_at_any_write_leaves_a_release_that_drive_finishes(
    installed: None,
    control_plane: ControlPlane,
    tmp_path: Path,
    play: Play,
    mode: str,
    moment: str,
) -> None:
    """C62, I1, I2, I3, I5, I8, I12: the same pods, restarted once, never more than two closed."""
    scene = Scene(control_plane, tmp_path, mode, play, threading.Semaphore(AT_ONCE))
    count = scene.undisturbed()
    assert count >= 12

    with ThreadPoolExecutor(count) as pool:
        die = partial(scene.killed_at, fault=FAULTS[moment])
        deaths = list(pool.map(die, range(1, count + 1)))

    wrong = [f"{death.number} ({death.write}): {'; '.join(death.problems)}" for death in deaths]
    assert not [line for line, death in zip(wrong, deaths, strict=True) if death.problems]
    # A run may need a write less than the first one did; else every one of them died.
    assert sum(death.write == "none" for death in deaths) <= 2
    out_of_traffic = max(death.out_of_traffic for death in deaths)
    # Without a gate a pod is out for as long as its restart takes: one may look too late.
    assert (1 if mode == "gate" else 0) <= out_of_traffic <= BUDGET
    assert sum(death.unfinished for death in deaths) >= count // 2

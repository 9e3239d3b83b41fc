"""Measures the time without a driver after a kill, and the writes of pause, resume and abort."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tabulate import tabulate

from bench.stage import Object, Stage
from testbed.audit import Audit, Request
from testbed.controlplane import ControlPlane
from testbed.plugin import Running
from testbed.waiting import wait_for

PODS = 100
IN_FLIGHT = 10
RESTART_MS = 15_000
RUNS = 3
AGENT = "kubectl-cafe"
CAFED = "apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments"
RECORD = "cafe.sofastack.io/in-place"
DEAD = timedelta(seconds=1)
"""What was on its way when its sender was killed has arrived by then."""


def report(plane: ControlPlane) -> str:
    """One table of seconds, one of writes."""
    return f"{_after_a_kill(plane)}\n\n{_of_verbs(plane)}"


def _after_a_kill(plane: ControlPlane) -> str:
    stage = Stage(plane, PODS, "Gate", RESTART_MS)
    found: dict[str, list[float]] = {}
    for tag in ("v2", "v3", "v4")[:RUNS]:
        driver = _in_the_middle(stage, tag, PODS)
        follower = stage.cafe.start("drive", "bench")
        wait_for(lambda run=follower: "following" in run.said()[1], "the follower")  # type: ignore[misc]
        audit, killed = Audit.of(plane).from_now_on(), datetime.now(UTC)
        driver.kill9()
        if (done := follower.wait()).code != 0:
            raise SystemExit(f"bench: the follower: {done.err}")
        for what, seconds in _milestones(audit.writes(AGENT, stage.namespace), killed).items():
            found.setdefault(what, []).append(seconds)
    rows = [(what, statistics.median(s), min(s), max(s)) for what, s in found.items()]
    head = (
        f"A driver of {PODS} pods is killed (SIGKILL) while another follows; seconds from then\n"
        f"until the other one's write. A lease lasts 30 s. {RUNS} runs.\n"
    )
    columns = ["", "median", "least", "most"]
    return f"{head}\n" + tabulate(rows, columns, tablefmt="plain", floatfmt=".1f")


def _milestones(writes: list[Request], killed: datetime) -> dict[str, float]:
    """Seconds from `killed` to the new driver's writes, the first of each kind."""
    later = [r for r in writes if r.time > killed + DEAD and r.code == 200]
    records = [r for r in later if r.resource == "cafedeployments" and not r.subresource]
    own = [r for r in later if r.resource == "pods" and r.time > records[1].time]
    first = {
        "its first write, the lease": later[0],
        "the last one fenced off, all pods and workloads touched": records[1],
        "its first write of a pod": own[0],
    }
    return {what: (r.time - killed).total_seconds() for what, r in first.items()}


def _of_verbs(plane: ControlPlane) -> str:
    stage = Stage(plane, PODS, "Gate", RESTART_MS)
    few: Object = {"spec": {"strategy": {"maxUnavailable": IN_FLIGHT}}}
    stage.client.patch(CAFED, "bench", few, kind="application/merge-patch+json")
    driver = _in_the_middle(stage, "v2", IN_FLIGHT)
    flying = {name for name, phase in _phases(stage).items() if phase == "patched"}

    def paused() -> None:
        stage.run("pause", "bench")
        driver.wait()

    acts: dict[str, Callable[[], object]] = {
        "pause, until its driver leaves": paused,
        "resume --detach": lambda: stage.run("resume", "bench", "--detach"),
        "abort, until it is aborted": lambda: stage.run("abort", "bench"),
    }
    audit = Audit.of(plane)
    rows = [(what, *_row(audit, stage.namespace, act, flying)) for what, act in acts.items()]
    head = f"Writes of a verb in a release of {PODS} pods, {IN_FLIGHT} of them in flight.\n"
    kinds = ["CafeDeployment", "its .status", "lease", "pods in flight", "other pods", "all else"]
    return f"{head}\n" + tabulate(rows, ["", *kinds], tablefmt="plain")


def _row(
    audit: Audit, namespace: str, act: Callable[[], object], flying: set[str]
) -> tuple[int, ...]:
    """How many writes of each kind `act` makes."""
    since = audit.from_now_on()
    act()
    counts = Counter(_kind(request, flying) for request in since.writes(AGENT, namespace))
    kinds = ("record", "status", "lease", "flying", "other", "else")
    return tuple(counts[kind] for kind in kinds)


def _kind(request: Request, flying: set[str]) -> str:
    match request.resource:
        case "cafedeployments":
            return request.subresource or "record"
        case "leases":
            return "lease"
        case "pods":
            return "flying" if request.name in flying else "other"
        case "selfsubjectreviews" | "selfsubjectaccessreviews":
            return "question"
        case "events":
            return "told"
        case _:
            return "else"


def _in_the_middle(stage: Stage, tag: str, count: int) -> Running:
    """A driver that has patched `count` pods, which are restarting."""
    image = f"main=registry.example/app:{tag}"
    driver = stage.cafe.start("upgrade", "bench", "--yes", "--image", image)

    def patched() -> bool:
        return sum(phase == "patched" for phase in _phases(stage).values()) >= count

    wait_for(patched, f"{count} pods to be patched", 60, every=0.2)
    return driver


def _phases(stage: Stage) -> dict[str, str]:
    """Each pod's phase, empty without a record."""
    found: dict[str, str] = {}
    for pod in stage.client.list("pods"):
        text = pod["metadata"].get("annotations", {}).get(RECORD)
        found[pod["metadata"]["name"]] = str(json.loads(text)["phase"]) if text else ""
    return found

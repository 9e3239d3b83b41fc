"""What a release of 100 pods asks of the API server, by its audit log."""

from __future__ import annotations

from collections import Counter

from tabulate import tabulate

from bench.stage import Stage
from testbed.audit import Audit, Request
from testbed.controlplane import ControlPlane

PODS = 100
AGENT = "kubectl-cafe"
GOALS = {"Gate": "3", "Label": "3", "None": "1"}


def report(plane: ControlPlane) -> str:
    """One table of pod writes, one of all other requests."""
    writes: list[tuple[object, ...]] = []
    others: list[tuple[object, ...]] = []
    for mode, goal in GOALS.items():
        stage = Stage(plane, PODS, mode)
        audit = Audit.of(plane).from_now_on()
        stage.upgrade("v2")
        asked = audit.requests(AGENT)
        writes.append((mode, *_pod_writes(asked), goal))
        others += [(mode, what, count) for what, count in _others(asked)]
        again = Audit.of(plane).from_now_on()
        stage.upgrade("v2")
        writes.append((f"{mode}, already there", *_pod_writes(again.requests(AGENT)), "0"))
    head = f"A release of {PODS} pods in two cells, one image of two containers, one group.\n"
    return "\n".join(
        [
            head,
            tabulate(
                writes,
                ["mode", "pod writes per pod", "refused (409)", "goal"],
                tablefmt="plain",
                floatfmt=".2f",
            ),
            "",
            tabulate(others, ["mode", "every other request", "times"], tablefmt="plain"),
        ]
    )


def _pod_writes(asked: list[Request]) -> tuple[float, int]:
    pods = [r for r in asked if r.write and r.resource == "pods"]
    return len(pods) / PODS, sum(r.code == 409 for r in pods)


def _others(asked: list[Request]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for request in asked:
        if not (request.write and request.resource == "pods"):
            sub = f"/{request.subresource}" if request.subresource else ""
            dry = " (dry run)" if "dryRun" in request.uri else ""
            counts[f"{request.verb} {request.resource}{sub}{dry}"] += 1
    return sorted(counts.items())

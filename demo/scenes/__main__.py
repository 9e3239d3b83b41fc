"""`python -m demo.scenes [NAME]`: the cluster in the state that a section of docs/ begins with.

Without NAME it lists the scenes. What an earlier scene left in the namespace is removed first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.scenes.balancer import LoadBalancer
from demo.scenes.operator import Operator
from demo.scenes.pages import DOCS, Scenario, scenarios
from demo.scenes.scenes import SCENES, summary
from demo.scenes.shop import Scene
from testbed.__main__ import HOME, up
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.objects import name
from testbed.processes import Processes
from testbed.puppet import Puppet
from testbed.waiting import wait_for

NAMESPACE = "stores"
CELLS = ["CellA", "CellB", "CellC"]
NODE = "scene-lost"
"""The node that a scene loses."""
RESTART_MS = 60_000
"""How long slow restarts take, so that there is time to look and to type."""
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Parse, act, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.scenes", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="the scene; without it: the list")
    parser.add_argument("--directory", type=Path, default=HOME, help="where the cluster lives")
    parser.add_argument("--end", action="store_true", help="end what scenes left running")
    options = parser.parse_args(arguments)
    plane = ControlPlane(options.directory)
    if options.end:
        Processes(folder(plane)).stop(grace=0)
        return 0
    if not options.name:
        print(listed())
        print("\nMake one with: make scene SCENE=NAME")
        return 0
    if options.name not in SCENES:
        print(f"scene: there is no scene {options.name!r}; there are:\n{listed()}", file=sys.stderr)
        return 2
    try:
        make(plane, options.name)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nscene: interrupted; the next `make scene` removes what is there", file=sys.stderr)
        return INTERRUPTED
    print(f"\n{goodbye(options.name)}")
    return 0


def listed() -> str:
    """Every scene, one line each."""
    width = max(map(len, SCENES)) + 2
    return "\n".join(f"{name:<{width}}{summary(name)}" for name in SCENES)


def folder(plane: ControlPlane) -> Path:
    """Where a scene keeps its files and the list of what it has running."""
    return plane.directory / "scene"


def make(plane: ControlPlane, scene: str) -> None:
    """Bring the cluster up, remove the earlier scene, and make this one."""
    up(plane, CELLS)
    operator = Operator(plane.kubeconfig, folder(plane))
    remove(operator, Client.of(plane))
    operator.kubectl("create", "namespace", NAMESPACE)
    operator.kubectl("config", "set-context", "--current", f"--namespace={NAMESPACE}")
    # Until the namespace has it, pods are refused.
    account = ("get", "serviceaccount", "default", "-o", "name")
    wait_for(lambda: operator.answer(*account), "the ServiceAccount default", every=0.2)
    operator.kubectl("cafe", "init")
    SCENES[scene](
        Scene(
            operator,
            puppet=lambda cell: Puppet(plane, cell, NODE),
            balancer=lambda: LoadBalancer(Client.of(plane, NAMESPACE)),
            restart_ms=RESTART_MS,
        )
    )


def remove(operator: Operator, client: Client) -> None:
    """Remove what an earlier scene left, also one that was interrupted."""
    operator.end()
    if client.find("namespaces", NAMESPACE):
        operator.say(f"(what is in namespace {NAMESPACE} is removed first)")
        operator.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
        for pod in client.within(NAMESPACE).list("pods"):
            if pod["metadata"].get("finalizers"):
                free = ("--type", "merge", "-p", '{"metadata":{"finalizers":null}}')
                operator.kubectl("patch", "pod", name(pod), "-n", NAMESPACE, *free)
        # A slow restart is a slow deletion, and a node that is lost confirms none.
        now = ("--force", "--grace-period=0", "--wait=false")
        operator.kubectl("delete", "pods", "--all", "-n", NAMESPACE, *now)
        gone = f"the end of namespace {NAMESPACE}"
        wait_for(lambda: not client.find("namespaces", NAMESPACE), gone, 60, every=0.2)
    if client.find("nodes", NODE):
        operator.kubectl("delete", "node", NODE)
        operator.kubectl("delete", "lease", NODE, "-n", "kube-node-lease", "--ignore-not-found")


def goodbye(scene: str) -> str:
    """What the scene is, how to point kubectl there, and the next command of each section."""
    lines = [
        f"Scene {scene}: {summary(scene)}.",
        "Point kubectl at it:",
        '  eval "$(make -s cluster-env)"',
        "Next:",
    ]
    for one in scenarios():
        if one.scene == scene:
            lines += [f"  {_first(one)}   # docs/{one.page.relative_to(DOCS)}: {one.section}"]
    return "\n".join(lines)


def _first(scenario: Scenario) -> str:
    return scenario.blocks[0][0].command


if __name__ == "__main__":
    sys.exit(main())

"""`python -m demo`: a first release of ten pods, then v1 -> v2 in place, and the proof.

The default cluster is the project's own control plane with simulated nodes; `--node real` uses a
real kubelet there, `--context NAME --old IMAGE --new IMAGE` a cluster of your own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from demo import proof, realnodes
from demo.scene import NAME, Scene
from kubectl_cafe.names import CRD
from testbed.__main__ import HOME, environment
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.traffic import Traffic

NAMESPACE = "cafe-demo"
CELLS = ("CellA", "CellB")
WAITS = 3
"""Exit code of a command whose release waits for an operator."""


class Stage:
    """The cluster of the demo: kubectl with its environment, context and namespace."""

    def __init__(
        self, env: Mapping[str, str], context: str = "", namespace: str = NAMESPACE
    ) -> None:
        self._env = {**os.environ, **env}
        self._namespace = namespace
        self._context = ["--context", context] if context else []

    def kubectl(self, *args: str, show: bool = True, wants: tuple[int, ...] = (0,)) -> str:
        """Run kubectl in the demo's namespace; returns its stdout. Its stderr is not captured."""
        if show:
            print(f"\n$ kubectl {' '.join(args)}", flush=True)
        done = subprocess.run(
            ["kubectl", *args, *self._context, "-n", self._namespace],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if show:
            print(done.stdout, end="", flush=True)
        if done.returncode not in wants:
            sys.exit(f"demo: kubectl {args[0]} ended with {done.returncode}")
        return done.stdout

    def apply(self, objects: list[dict[str, Any]]) -> None:
        """`kubectl apply -f -`."""
        text = yaml.safe_dump_all(objects, sort_keys=False)
        print(f"\n$ kubectl apply -f -   # a Service and a CafeDeployment: {NAME}", flush=True)
        command = ["kubectl", "apply", "-f", "-", *self._context, "-n", self._namespace]
        subprocess.run(command, env=self._env, input=text, text=True, check=True)

    def pods(self) -> dict[str, proof.Shot]:
        """Every pod of the demo."""
        text = self.kubectl("get", "pods", "-l", f"instance={NAME}", "-o", "json", show=False)
        return proof.shots(json.loads(text)["items"])


def play(stage: Stage, scene: Scene) -> list[str]:
    """Run the first release and the upgrade, print the proof; returns the problems found."""
    stage.kubectl("cafe", "init")
    present = stage.kubectl("get", "ns", NAMESPACE, "--ignore-not-found", show=False)
    if present:
        print(f"(namespace {NAMESPACE} of an earlier demo is deleted first)")
        stage.kubectl("delete", "ns", NAMESPACE, "--wait=true")
    stage.kubectl("create", "ns", NAMESPACE)
    stage.apply(scene.objects())
    print("\n--- The first release: the pods are created group by group ---")
    release(stage, "cafe", "upgrade", NAME, "--yes", "--reason", "first release")
    stage.kubectl("cafe", "status", NAME)
    before = stage.pods()
    print(f"\n--- The upgrade: {scene.old} -> {scene.new}, in place ---")
    image = f"main={scene.new}"
    with traffic(scene) as tally:
        release(stage, "cafe", "upgrade", NAME, "--image", image, "--yes", "--reason", "demo")
    stage.kubectl("cafe", "status", NAME)
    after = stage.pods()
    print("\n--- The proof: the same pods, before and after ---\n")
    print(proof.table(before, after))
    found = proof.problems(before, after, "main") + tally
    print()
    print("\n".join(f"WRONG: {line}" for line in found) or _verdict(len(after)))
    return found


def _verdict(pods: int) -> str:
    return f"{pods} pods: same names, UIDs, IPs and nodes; one restart each, of `main` alone."


def release(stage: Stage, *verb: str) -> None:
    """Run `verb`, then show the status and confirm the next group until the release has ended."""
    stage.kubectl(*verb, wants=(0, WAITS))
    while True:
        text = stage.kubectl("cafe", "status", NAME, "-o", "json", show=False)
        status = json.loads(text)
        if status["state"] != "AwaitingConfirm":
            return
        stage.kubectl("cafe", "status", NAME)
        group = str(status["group"])
        stage.kubectl("cafe", "confirm", NAME, "--group", group, wants=(0, WAITS))


@contextlib.contextmanager
def traffic(scene: Scene) -> Iterator[list[str]]:
    """On a real node: send requests to every ready address; the list gets those that failed."""
    found: list[str] = []
    if not scene.real:
        yield found
        return
    with Traffic(Client.of(ControlPlane(HOME), NAMESPACE), NAME) as asking:
        asking.wait_for_addresses(scene.replicas)
        yield found
        asking.wait_for_requests(20)
        tally = asking.tally()
    print(f"\nRequests to every ready address during the upgrade: {tally}")
    found += [f"a request to {f.address} failed: {f.error}" for f in tally.failures]


def own_cluster(options: argparse.Namespace) -> int:
    """In the user's own cluster: print what will be created, and prompt for confirmation."""
    stage = Stage({"PATH": _with_venv()}, options.context)
    labels = stage.kubectl("get", "nodes", "-o", "json", show=False)
    found = {
        node["metadata"].get("labels", {}).get("cafe.sofastack.io/cell", "")
        for node in json.loads(labels)["items"]
    }
    cells = tuple(sorted(found - {""}))
    print(
        f"This creates, in the cluster of context {options.context}:\n"
        f"  the CustomResourceDefinition {CRD} (cluster-wide)\n"
        f"  the namespace {NAMESPACE} with a Service, a CafeDeployment and its 10 pods\n"
        f"  ({', '.join(cells) if cells else 'no cells: unitType None'}), of {options.old},\n"
        f"  which are then upgraded to {options.new}."
    )
    if stage.kubectl("get", "ns", NAMESPACE, "--ignore-not-found", show=False):
        print(
            f"demo: namespace {NAMESPACE} exists already, and the demo does not delete it here;\n"
            f"  next: kubectl --context {options.context} delete namespace {NAMESPACE}",
            file=sys.stderr,
        )
        return 7
    if not options.yes and input("Proceed? [y/N] ").strip().lower() not in ("y", "yes"):
        return 7
    found_wrong = play(stage, Scene(options.old, options.new, cells))
    print(f"\nTo delete it: kubectl --context {options.context} delete namespace {NAMESPACE}")
    return 1 if found_wrong else 0


def _with_venv() -> str:
    return f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"


def testbed_env() -> dict[str, str]:
    """KUBECONFIG and PATH for the project's own control plane, which is running already."""
    plane = ControlPlane(HOME)
    lines = [line for line in environment(plane).splitlines() if "PATH" in line]
    path = lines[0].partition("=")[2].partition(os.pathsep + '"')[0].strip("'\"")
    return {
        "KUBECONFIG": str(plane.kubeconfig),
        "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def own_testbed(real: bool) -> int:
    """On the project's own control plane."""
    env = testbed_env()
    app = "registry.example/app"
    scene = Scene(f"{app}:v1", f"{app}:v2", CELLS, sidecar="side:v1", then=f"{app}:v3")
    if real:
        for node in realnodes.nodes():
            node.stop()
            print(f"demo: starting the real node {node.name} (kubelet, containerd)", flush=True)
            node.start()
        scene = Scene(
            "app:v1",
            "app:v2",
            realnodes.CELLS,
            gate=True,
            real=True,
            sidecar="sidecar:v1",
            then="app:v2-alias",
        )
    found = play(Stage(env), scene)
    print(
        "\nThe cluster keeps running. To continue:\n"
        '  eval "$(make cluster-env)"\n'
        f"  kubectl config set-context --current --namespace={NAMESPACE}\n"
        f"  kubectl cafe rollback {NAME}\n"
        f"  kubectl cafe upgrade {NAME} --image main={scene.then}\n"
        "To stop it: make cluster-down"
    )
    return 1 if found else 0


def main() -> int:
    """Parse the command line and run the demo."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--node", choices=("sim", "real"), default="sim")
    parser.add_argument("--context", default="", help="a context of your own kubeconfig")
    parser.add_argument("--old", default="", help="the image to begin with (with --context)")
    parser.add_argument("--new", default="", help="the image to upgrade to (with --context)")
    parser.add_argument("--yes", action="store_true", help="do not ask (with --context)")
    options = parser.parse_args()
    if options.context:
        if not (options.old and options.new):
            parser.error("--context needs --old IMAGE and --new IMAGE (make: V1=... V2=...)")
        return own_cluster(options)
    try:
        return own_testbed(options.node == "real")
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m testbed up|down|env|status`: a cluster to play with, kept until `down`.

`python -m testbed node-check` says what keeps a real node from running on this machine.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from testbed import prerequisites
from testbed.build import binary
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.nodes import add_nodes

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".testbed" / "up"


def main(arguments: list[str] | None = None) -> int:
    """Parse, act, and answer the exit code."""
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    parser.add_argument("verb", choices=("up", "down", "env", "status", "node-check"))
    parser.add_argument("--cells", default="CellA,CellB,CellC", help="one simulated node each")
    parser.add_argument("--directory", type=Path, default=HOME, help="where the cluster lives")
    options = parser.parse_args(arguments)
    plane = ControlPlane(options.directory)
    try:
        if options.verb == "up":
            up(plane, [cell for cell in options.cells.split(",") if cell])
        elif options.verb == "down":
            down(plane)
        elif options.verb == "env":
            print(environment(plane))
        elif options.verb == "node-check":
            return node_check()
        else:
            return status(plane)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def up(plane: ControlPlane, cells: list[str]) -> None:
    """Start the cluster unless it runs; what a crash left of an earlier one is removed."""
    if plane.running():
        print(f"testbed: already up at {plane.server}")
    else:
        plane.stop(grace=0)
        began = time.monotonic()
        plane.start()
        print(f"testbed: up at {plane.server} after {time.monotonic() - began:.1f} s")
    names = add_nodes(Client.of(plane), dict.fromkeys(cells, 1))
    print(f'testbed: nodes {", ".join(names)} are Ready. Use it with: eval "$(make cluster-env)"')


def down(plane: ControlPlane) -> None:
    """End the cluster; its logs stay until the next `up`."""
    was = bool(plane.processes.entries())
    plane.stop()
    print(f"testbed: {'down' if was else 'was not up'}; logs are in {plane.directory / 'logs'}")


def environment(plane: ControlPlane) -> str:
    """What to export: the kubeconfig, our kubectl and the venv's programs on PATH.

    Raises TestbedError when the cluster is not up.
    """
    if not plane.running():
        raise TestbedError("testbed: no cluster is up; start one with: make cluster-up")
    folders = [str(Path(sys.prefix) / "bin"), str(binary("kubectl").parent)]
    path = os.pathsep.join(folders)
    return (
        f"export KUBECONFIG={shlex.quote(str(plane.kubeconfig))}\n"
        f'export PATH={shlex.quote(path)}{os.pathsep}"$PATH"'
    )


def node_check() -> int:
    """Print what keeps a real node from running here; 0 when nothing does."""
    lacking = prerequisites.missing()
    print("\n".join(lacking) or "testbed: a real node can run here")
    return 1 if lacking else 0


def status(plane: ControlPlane) -> int:
    """Print each process; 0 when all run."""
    entries = plane.processes.entries()
    for entry in entries:
        print(f"{entry.name:<26}{entry.pid:>8}  {'runs' if entry.alive() else 'has ended'}")
    if not entries:
        print("testbed: no cluster is up; start one with: make cluster-up")
    return 0 if entries and all(entry.alive() for entry in entries) else 1


if __name__ == "__main__":
    sys.exit(main())

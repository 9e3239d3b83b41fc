"""The few things of the machine that a real node needs, each by its name and nothing else."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import time
from pathlib import Path

from testbed.errors import TestbedError

CGROUPS = Path("/sys/fs/cgroup")
EMPTY_SECONDS = 10.0


def addresses() -> list[ipaddress.IPv4Interface]:
    """Every IPv4 address of this machine with its prefix."""
    links = json.loads(_ip("-json", "-4", "address", "show").stdout or "[]")
    return [
        ipaddress.IPv4Interface(f"{info['local']}/{info['prefixlen']}")
        for link in links
        for info in link["addr_info"]
    ]


def add_bridge(name: str, address: str, prefix: int) -> None:
    """Make a bridge that has `address`; raises TestbedError with the kernel's answer."""
    for command in (
        ("link", "add", name, "type", "bridge"),
        ("address", "add", f"{address}/{prefix}", "dev", name),
        ("link", "set", name, "up"),
    ):
        done = _ip(*command)
        if done.returncode:
            raise TestbedError(f"testbed: `ip {' '.join(command)}` failed: {done.stderr.strip()}")


def remove_bridge(name: str) -> None:
    """Remove the bridge; none is fine."""
    _ip("link", "delete", name)


def add_cgroups(name: str) -> None:
    """Make the control group `name` in every hierarchy, with what controllers the root has (v2)."""
    if (CGROUPS / "cgroup.controllers").exists():
        controllers = (CGROUPS / "cgroup.controllers").read_text().split()
        enabled = " ".join(f"+{controller}" for controller in controllers)
        (CGROUPS / "cgroup.subtree_control").write_text(enabled)
        roots = [CGROUPS]
    else:
        roots = [procs.parent for procs in CGROUPS.glob("*/cgroup.procs")]
    for root in roots:
        (root / name).mkdir(exist_ok=True)


def remove_cgroups(name: str) -> None:
    """Remove the control group `name` of every hierarchy with all below it.

    Waits for processes that are just dying; raises TestbedError when one stays.
    """
    deadline = time.monotonic() + EMPTY_SECONDS
    for root in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")):
        while root.is_dir():
            try:
                for folder, _, _ in os.walk(root, topdown=False):
                    os.rmdir(folder)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise TestbedError(f"testbed: cannot remove {root}: {error}") from error
                time.sleep(0.05)


def first_child(pid: int) -> int | None:
    """The process that `pid` started first and that still runs."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return subprocess.run(
        ["ip", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )

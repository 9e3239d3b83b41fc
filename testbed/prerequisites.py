"""What a machine needs before a real node can be started on it, checked in one go."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from testbed.nodeconfig import PLUGINS

PACKAGES = {
    "runc": ("runc",),
    "containernetworking-plugins": tuple(str(PLUGINS / p) for p in ("bridge", "host-local")),
    "iproute2": ("ip",),
    "util-linux": ("unshare", "nsenter", "setpriv"),
    "mount": ("mount",),
}
"""Debian's package and the programs of it that are called."""


def missing() -> list[str]:
    """What keeps a real node from running here, one clear line each; empty when nothing does."""
    if platform.system() != "Linux":
        return [f"a real node needs Linux; this is {platform.system()}"]
    if os.geteuid() != 0:
        return ["a real node needs root: kubelet and containerd mount, and make cgroups"]
    absent = [package for package, programs in PACKAGES.items() if not all(map(_found, programs))]
    if absent:
        return [f"not installed: {', '.join(absent)}; run: apt-get install -y {' '.join(absent)}"]
    if not _may(["unshare", "--mount", "--pid", "--fork", "true"]):
        return ["this root may not make namespaces (a container without privileges?)"]
    if Path("/var/lib/kubelet/config.yaml").exists():
        return ["this machine is a Kubernetes node already (/var/lib/kubelet/config.yaml)"]
    return []


def snapshotter(directory: Path) -> str:
    """containerd's snapshotter for files in `directory`: overlayfs, or native where that fails."""
    folders = {name: directory / "probe" / name for name in ("lower", "upper", "work", "merged")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    options = ",".join(f"{n}dir={folders[n]}" for n in ("lower", "upper", "work"))
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(folders["merged"])]
    works = _may(["unshare", "--mount", *mount])
    shutil.rmtree(directory / "probe", ignore_errors=True)
    return "overlayfs" if works else "native"


def _found(program: str) -> bool:
    """/usr/sbin counts even where PATH lacks it."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _may(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

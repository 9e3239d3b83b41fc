"""docs/operations.md is true: its commands are run, and what it shows is what is seen.

Every `<!-- setup: NAME -->` names a situation of situations.py; the console block after it is
run line by line. With CAFE_WRITE_PAGE=1 what was seen is written into the page instead.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.build import binary
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.credentials import write_kubeconfig
from testbed.plugin import Cafe
from testbed.puppet import Puppet
from tests.integration.balancer import LoadBalancer
from tests.integration.situations import SITUATIONS, Scene

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
BLOCK = re.compile(r"<!-- setup: ([a-z-]+) -->\n(.*?)```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (.*?)(?:\s+# exit code (\d+))?$")
POD = re.compile(r"shop-cell[abp]-[a-z0-9]{5}\b")
NAMESPACE = "stores"
VARIES = (
    (r"\s+", " "),
    (r"shop-cell[abp]-[a-z0-9]{5}(?![a-z0-9])", "shop-cell-xxxxx"),
    (r"shop-[0-9a-f]{10}\b", "shop-0123456789"),
    (r"\br-[0-9a-f]{8}\b", "r-01234567"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"\d+ \d+\.\d+\.\d+\.\d+\b", "RESTARTS IP"),
    (r"\bfor \d+[smh]\b", "for AGE"),
    (r"\d+[smh] ago", "AGE ago"),
    (r"back-off \d+s", "back-off AGE"),
    (r"TIME \d+s", "TIME AGE"),
    (r"in \d+ s\b", "in N s"),
    (r"[\w.-]+_\d+_[0-9a-f]{6}\b", "HOLDER"),
)
"""What is another one each time."""


@dataclass(frozen=True)
class Step:
    """One command, its exit code, and what the page shows of its output."""

    command: str
    code: int
    shown: tuple[str, ...]


def scenarios() -> dict[str, tuple[Step, ...]]:
    """The page's console blocks by the situation that they begin in."""
    return {name: tuple(steps(text)) for name, _, text in BLOCK.findall(PAGE.read_text())}


def steps(text: str) -> Iterator[Step]:
    """The steps of one block."""
    for part in re.split(r"(?m)^(?=\$ )", text):
        head, *shown = part.splitlines() or [""]
        if match := COMMAND.match(head):
            yield Step(match[1], int(match[2] or 0), tuple(shown))


def masked(line: str) -> str:
    """The line without what varies."""
    for pattern, instead in VARIES:
        line = re.sub(pattern, instead, line)
    return line.strip()


def named(command: str, page: Sequence[str], seen: Sequence[str]) -> str:
    """The command, with the name that a pod of the page has here: the same lines name it."""
    for pod in POD.findall(command):
        line = next(masked(line) for line in page if pod in line)
        here = next(found for found in seen if masked(found) == line)
        command = command.replace(pod, POD.findall(here)[0])
    return command


class Shell:
    """An operator's shell, whose kubeconfig names the namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        config = write_kubeconfig(
            folder / "kubeconfig", plane.server, plane.token(), "admin", plane.ca, namespace
        )
        path = (Path(sys.prefix) / "bin", binary("kubectl").parent)
        self._env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("CAFE_", "KUBE"))},
            "KUBECONFIG": str(config),
            "PATH": ":".join([*map(str, path), os.environ["PATH"]]),
            "NO_COLOR": "1",
        }
        self._namespace = namespace

    def run(self, command: str) -> tuple[int, list[str]]:
        """The exit code, and stdout and stderr as they stand in a terminal."""
        done = subprocess.run(
            ["bash", "-c", command],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        shown = done.stdout.replace(self._namespace, NAMESPACE)
        return done.returncode, shown.replace(f"{socket.gethostname()}_", "laptop_").splitlines()


@pytest.fixture
def shell(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Shell:
    return Shell(control_plane, namespace, tmp_path)


@pytest.mark.parametrize("situation", scenarios())
def test_the_page_is_true_of(
    installed: None,
    shell: Shell,
    client: Client,
    cafe: Cafe,
    puppet: Callable[[str], Puppet],
    balancers: Callable[[], LoadBalancer],
    situation: str,
) -> None:
    SITUATIONS[situation](Scene(client, cafe, puppet, balancers))
    seen: list[str] = []
    page: list[str] = []
    for step in scenarios()[situation]:
        command = named(step.command, page, seen)
        code, lines = shell.run(command)
        page += step.shown
        note = f"   # exit code {step.code}" if step.code else ""
        seen += [f"$ {command}{note}", *lines]
        if "CAFE_WRITE_PAGE" in os.environ:
            continue
        assert code == step.code, "\n".join(lines)
        known = {masked(line) for line in lines}
        for line in step.shown:
            assert masked(line) in known, "\n".join(lines)
    if "CAFE_WRITE_PAGE" in os.environ:
        rewrite(situation, "\n".join(seen))


def rewrite(situation: str, seen: str) -> None:
    """Put what was seen into the page."""

    def anew(match: re.Match[str]) -> str:
        if match[1] != situation:
            return match[0]
        return f"<!-- setup: {match[1]} -->\n{match[2]}```console\n{seen}\n```"

    PAGE.write_text(BLOCK.sub(anew, PAGE.read_text()))


def test_every_situation_stands_on_the_page() -> None:
    assert set(scenarios()) == set(SITUATIONS)

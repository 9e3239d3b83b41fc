"""kubectl as an operator types it in a terminal: each command is printed, then its output."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from testbed.build import binary
from testbed.client import Object
from testbed.errors import TestbedError
from testbed.plugin import LEFT_OUT
from testbed.processes import Processes
from testbed.waiting import wait_for


def environment(kubeconfig: Path) -> dict[str, str]:
    """The environment of a shell that has this kubeconfig, our kubectl and the plugin."""
    path = (str(Path(sys.prefix) / "bin"), str(binary("kubectl").parent), os.environ["PATH"])
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(LEFT_OUT)},
        "KUBECONFIG": str(kubeconfig),
        "PATH": os.pathsep.join(path),
        "NO_COLOR": "1",
    }


class Operator:
    """Runs kubectl with the kubeconfig's context, whose namespace is that of the scene.

    `folder` has the process ids and the output of commands that run in the background; `end()`
    ends them, also those that an earlier process started.
    """

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.env: Mapping[str, str] = environment(kubeconfig)
        self._background = Processes(folder)

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)

    def kubectl(self, *args: str, code: int = 0) -> None:
        """Print the command, run it and print its output.

        Raises TestbedError unless it ends with the exit code `code`.
        """
        typed = f"$ {shlex.join(('kubectl', *args))}"
        self.say(f"{typed}   # exit code {code}" if code else typed)
        process = subprocess.Popen(
            ["kubectl", *args],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    self.say(line.rstrip("\n"))
            except BaseException:
                process.kill()
                raise
        if process.returncode != code:
            raise TestbedError(
                f"scene: `{typed[2:]}` ended with exit code {process.returncode}, expected {code}"
            )

    def answer(self, *args: str) -> str:
        """The stdout of a command that only reads, without printing it; its errors are ignored."""
        command = ["kubectl", *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        return done.stdout

    def namespace(self) -> str:
        """The namespace of the kubeconfig's context."""
        return self.answer("config", "view", "--minify", "-o", "jsonpath={..context.namespace}")

    def pods(self) -> list[Object]:
        """The pods of the namespace that are not being deleted, by name."""
        found: list[Object] = json.loads(self.answer("get", "pods", "-o", "json"))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def create(self, objects: list[Object], file: str, what: str) -> None:
        """Write `objects` to `file` in the folder and `kubectl create` it; `what` names them."""
        self.kubectl("create", "-f", self._written(objects, file, what))

    def apply(self, objects: list[Object], file: str, what: str) -> None:
        """As `create`, by `kubectl apply`: an earlier scene may have created the objects."""
        self.kubectl("apply", "--server-side", "-f", self._written(objects, file, what))

    def _written(self, objects: list[Object], file: str, what: str) -> str:
        path = self.folder / file
        path.write_text(yaml.safe_dump_all(objects, sort_keys=False))
        self.say(f"({path} has {what})")
        return str(path)

    # Commands in the background

    def start(self, name: str, *args: str) -> None:
        """Start a command in the background, as if in another terminal."""
        log = self._background.log(name)
        self.say(f"$ {shlex.join(('kubectl', *args))} > {log} 2>&1 &")
        log.unlink(missing_ok=True)
        self._background.start(name, ["kubectl", *args], self.env)

    def kill(self, name: str) -> None:
        """`kill -9` of a command in the background."""
        pids = [str(entry.pid) for entry in self._background.entries() if entry.name == name]
        self.say(f"$ kill -9 {' '.join(pids)}   # {name}")
        self._background.stop(name, grace=0)

    def wait_for_end(self, name: str) -> None:
        """Wait until a command in the background has ended by itself."""
        wait_for(lambda: not self._background.alive(name), f"the end of {name}", 60)

    def end(self) -> None:
        """End the commands that still run in the background."""
        self._background.stop(grace=0)

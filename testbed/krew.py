"""The real krew and the real kubectl of one user, on a PATH on which there is no Python."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from testbed.build import binary
from testbed.errors import TestbedError
from testbed.plugin import Cafe, Outcome, Running


class Krew:
    """A home, a KREW_ROOT in it, and a PATH with kubectl, krew, git and krew's own bin folder."""

    def __init__(self, folder: Path, kubeconfig: Path | None = None) -> None:
        self.home = folder / "home"
        self.root = folder / "home" / ".krew"
        self.programs = folder / "programs"
        self.kubeconfig = kubeconfig
        for made in (self.root, self.programs):
            made.mkdir(parents=True)
        git = shutil.which("git")
        if git is None:
            raise TestbedError("testbed: krew needs git")
        links = {"kubectl": binary("kubectl"), "kubectl-krew": binary("krew"), "git": Path(git)}
        for name, program in links.items():
            (self.programs / name).symlink_to(program)

    @property
    def plugin(self) -> Path:
        """Where krew links the plugin."""
        return self.root / "bin" / "kubectl-cafe"

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of this user."""
        found = {
            "HOME": str(self.home),
            "KREW_ROOT": str(self.root),
            "PATH": os.pathsep.join([str(self.root / "bin"), str(self.programs)]),
            "KREW_NO_UPGRADE_CHECK": "1",
        }
        return found | ({"KUBECONFIG": str(self.kubeconfig)} if self.kubeconfig else {})

    def kubectl(self, *arguments: str, more: Mapping[str, str] | None = None) -> Outcome:
        """Run `kubectl ARGUMENTS`, with `more` in the environment."""
        program = str(self.programs / "kubectl")
        return Running([program, *arguments], {**self.env, **(more or {})}).wait()

    def krew(self, *arguments: str) -> Outcome:
        """Run `kubectl krew ARGUMENTS`; raises TestbedError where it fails."""
        done = self.kubectl("krew", *arguments)
        if done.code != 0:
            said = f"{done.out}{done.err}"
            raise TestbedError(f"testbed: kubectl krew {' '.join(arguments)} failed:\n{said}")
        return done

    def cafe(self, namespace: str) -> Cafe:
        """The plugin as this user calls it."""
        if self.kubeconfig is None:
            raise TestbedError("testbed: this user has no kubeconfig")
        program = (str(self.programs / "kubectl"), "cafe")
        return Cafe(self.kubeconfig, namespace, self.env, program=program)


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The files in `folder` on loopback, for krew to download; its URL."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    serve = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

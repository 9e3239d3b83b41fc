"""Commands against a cluster of the test's own, where nothing may be installed yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.build import binary
from testbed.controlplane import ControlPlane
from testbed.plugin import Outcome

CRD = "customresourcedefinition.apiextensions.k8s.io/cafedeployments.apps.cafe.cloud.alipay.com"
VIEWER = "clusterrole.rbac.authorization.k8s.io/kubectl-cafe-viewer"
OPERATOR = "clusterrole.rbac.authorization.k8s.io/kubectl-cafe-operator"
NODES = "clusterrole.rbac.authorization.k8s.io/kubectl-cafe-node-reader"
ROLES = (VIEWER, OPERATOR, NODES)


@dataclass(frozen=True)
class Bench:
    """Commands against one kubeconfig."""

    plane: ControlPlane
    kubeconfig: Path

    def cafe(self, *args: str) -> Outcome:
        """The plugin, without a terminal."""
        return self._run([str(Path(sys.executable).with_name("kubectl-cafe")), *args])

    def kubectl(self, *args: str, given: Any = None) -> Outcome:
        """The real kubectl; `given` goes to its stdin as JSON."""
        return self._run([str(binary("kubectl")), *args], given)

    def stored(self, name: str = CRD) -> dict[str, Any]:
        """The object as the server has it."""
        done = self.kubectl("get", name, "-o", "json", "--show-managed-fields")
        assert done.code == 0, done.err
        found: dict[str, Any] = done.document()
        return found

    def as_user(self, name: str) -> Bench:
        """The same as somebody without rights."""
        return Bench(self.plane, self.plane.user(name))

    def _run(self, command: list[str], given: Any = None) -> Outcome:
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        text = "" if given is None else json.dumps(given)
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=env)
        return Outcome(done.returncode, done.stdout, done.stderr)

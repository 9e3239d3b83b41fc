"""One Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, kwok."""

from __future__ import annotations

import json
import random
import shutil
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from testbed import credentials
from testbed.build import binary
from testbed.errors import TestbedError
from testbed.processes import Processes
from testbed.stages import stages

READY_SECONDS = 60.0
QPS = ("--kube-api-qps=500", "--kube-api-burst=1000")
"""At the default of 20 requests a second the controllers need 53 s to make 1,000 pods."""
AUTOSCALING = (
    "--horizontal-pod-autoscaler-sync-period=1s",
    "--horizontal-pod-autoscaler-downscale-stabilization=1s",
    "--horizontal-pod-autoscaler-initial-readiness-delay=0s",
    "--horizontal-pod-autoscaler-cpu-initialization-period=0s",
)
"""Autoscalers that follow at once; by default a test would wait five minutes for fewer pods."""
SIMULATED = "type=sim"
"""Label of the nodes that kwok keeps."""

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "nonResourceURLs": ["/healthz*", "/readyz*", "/livez*"]},
        {"level": "Metadata"},
    ],
}


class ControlPlane:
    """The control plane whose data, logs and kubeconfigs are in `directory`.

    Creating one starts nothing: `start` makes a new one (about 10 s), and a directory that was
    started before, by whatever process, is usable at once. Errors are TestbedErrors.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.processes = Processes(self.directory)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.directory / "kubeconfig"

    @property
    def server(self) -> str:
        """URL of the API server."""
        return f"https://127.0.0.1:{self._ports()['apiserver']}"

    @property
    def ca(self) -> Path:
        """PEM file: the API server's self-signed certificate."""
        return self.directory / "certs" / "apiserver.crt"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON event a line."""
        return self.directory / "audit.log"

    def running(self) -> bool:
        """Whether the API server runs and answers."""
        return self.processes.alive("kube-apiserver") and self._ready()

    def token(self, user: str = "admin") -> str:
        """The bearer token of `user`, one of `credentials.COMPONENTS` or `PEOPLE`."""
        return credentials.read_tokens(self.directory / "tokens.csv")[user]

    def user(self, name: str) -> Path:
        """A kubeconfig of `name`, one of `credentials.PEOPLE`: no rights but those you bind."""
        path = self.directory / f"kubeconfig-{name}"
        return credentials.write_kubeconfig(path, self.server, self.token(name), name, self.ca)

    def start(self) -> None:
        """Start everything anew, with an empty etcd."""
        programs = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
        paths = {program: binary(program) for program in programs}
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o700)
        names = ("etcd", "etcd-peer", "apiserver", "kwok")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        (self.directory / "ports.json").write_text(json.dumps(ports))
        (self.directory / "audit-policy.json").write_text(json.dumps(AUDIT_POLICY))
        credentials.write_signing_key(self.directory / "service-accounts.key")
        tokens = credentials.write_tokens(self.directory / "tokens.csv")
        self._start_etcd(paths["etcd"])
        self.start_apiserver()
        for user in credentials.COMPONENTS:
            path = self.kubeconfig if user == "admin" else self._kubeconfig_of(user)
            credentials.write_kubeconfig(path, self.server, tokens[user], user, self.ca)
        self._start_controllers(paths)
        self.start_kwok()

    def stop(self, grace: float = 10.0) -> None:
        """End all its processes; `grace` in seconds, 0 kills at once. The files stay."""
        self.processes.stop(grace=grace)

    def start_apiserver(self) -> None:
        """Start the API server, for the first time or again on the same port and data."""
        ports, here = self._ports(), self.directory
        command: list[str | Path] = [
            binary("kube-apiserver"),
            f"--etcd-servers=http://127.0.0.1:{ports['etcd']}",
            f"--secure-port={ports['apiserver']}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={here / 'certs'}",
            f"--service-account-key-file={here / 'service-accounts.key'}",
            f"--service-account-signing-key-file={here / 'service-accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={here / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--allow-privileged",
            f"--audit-policy-file={here / 'audit-policy.json'}",
            f"--audit-log-path={self.audit_log}",
            # Megabytes; at 100 it would be put aside, and what a test counts with it.
            "--audit-log-maxsize=1000000",
        ]
        self.processes.start("kube-apiserver", command)
        self.processes.wait_until("kube-apiserver", self._ready, READY_SECONDS)

    def stop_apiserver(self, grace: float = 0.0) -> None:
        """End the API server only; requests then meet a refused connection."""
        self.processes.stop("kube-apiserver", grace=grace)

    def start_kwok(self) -> None:
        """Start the simulated nodes' kubelet."""
        config = self.directory / "stages.yaml"
        config.write_text(stages())
        command: list[str | Path] = [
            binary("kwok"),
            f"--kubeconfig={self._kubeconfig_of('kwok')}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-label-selector={SIMULATED}",
            "--node-lease-duration-seconds=40",
            "--cidr=10.200.0.1/16",
            f"--server-address=127.0.0.1:{self._ports()['kwok']}",
            f"--config={config}",
        ]
        self.processes.start("kwok", command)

    def _start_etcd(self, program: Path) -> None:
        ports = self._ports()
        client = f"http://127.0.0.1:{ports['etcd']}"
        peer = f"http://127.0.0.1:{ports['etcd-peer']}"
        command: list[str | Path] = [
            program,
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]
        self.processes.start("etcd", command)
        self.processes.wait_until("etcd", lambda: _answers(f"{client}/health"), READY_SECONDS)

    def _start_controllers(self, paths: dict[str, Path]) -> None:
        common = ("--leader-elect=false", "--secure-port=0", *QPS)
        key = self.directory / "service-accounts.key"
        extra = {
            "kube-controller-manager": (
                f"--service-account-private-key-file={key}",
                f"--root-ca-file={self.ca}",
                "--use-service-account-credentials=false",
                *AUTOSCALING,
            ),
            "kube-scheduler": (),
        }
        for name, more in extra.items():
            kubeconfig = f"--kubeconfig={self._kubeconfig_of(name)}"
            self.processes.start(name, [paths[name], kubeconfig, *common, *more])

    def _kubeconfig_of(self, component: str) -> Path:
        return self.directory / f"kubeconfig-{component}"

    def _ports(self) -> dict[str, int]:
        path = self.directory / "ports.json"
        if not path.exists():
            raise TestbedError(
                f"testbed: no cluster in {self.directory}; start one with: make cluster-up"
            )
        ports: dict[str, int] = json.loads(path.read_text())
        return ports

    def _ready(self) -> bool:
        """Whether /readyz says ok; a certificate that is not written yet is a no."""
        if not self.ca.exists():
            return False
        try:
            context = ssl.create_default_context(cafile=str(self.ca))
        except ssl.SSLError:
            return False
        return _answers(f"{self.server}/readyz", context, self.token())


def _answers(url: str, context: ssl.SSLContext | None = None, token: str | None = None) -> bool:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=2, context=context
        ) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 on which no process listens now.

    They lie below the range that the kernel gives to outgoing connections, so that none of those
    takes one before its server is up.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found

"""A stub of an API server with ten thousand pods: a real release's objects, each many times."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace

from kubectl_cafe import names
from statemachine import record_json
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.credentials import write_kubeconfig

Object = dict[str, Any]
CAFED = f"{names.API_VERSION}/{names.PLURAL}"
LISTED = {
    "pods": "/api/v1",
    "services": "/api/v1",
    "discovery.k8s.io/v1/endpointslices": "/apis/discovery.k8s.io/v1",
    "apps/v1/replicasets": "/apis/apps/v1",
    "apps/v1/controllerrevisions": "/apis/apps/v1",
    "policy/v1/poddisruptionbudgets": "/apis/policy/v1",
}
OF_PODS = ("pods", "discovery.k8s.io/v1/endpointslices")
"""What there is more of when there are more pods."""


class Crowd:
    """What the server of `client` has in one namespace, with `times` as many pods."""

    def __init__(self, client: Client, namespace: str, name: str, times: int) -> None:
        self.single: dict[str, bytes] = {}
        self.lists: dict[str, list[bytes]] = {}
        for resource, api in LISTED.items():
            path = f"{api}/namespaces/{namespace}/{resource.rpartition('/')[2]}"
            items = list(client.list(resource))
            if resource in OF_PODS:
                items = [_again(item, n) for n in range(times) for item in items]
            if resource == "apps/v1/replicasets":
                items = [_grown(item, times) for item in items]
            self.lists[path] = [json.dumps(item).encode() for item in items]
        cafe = _released(client.get(CAFED, name), times)
        self.single[f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}/{name}"] = (
            json.dumps(cafe).encode()
        )

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body of a GET."""
        url = urlsplit(target)
        if url.path in self.single:
            return 200, self.single[url.path]
        if url.path not in self.lists:
            return 404, json.dumps(_none(url.path.rpartition("/")[2])).encode()
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        items, first = self.lists[url.path], int(query.get("continue", 0))
        after = first + int(query.get("limit", len(items)))
        meta = {"resourceVersion": "1"} | ({"continue": str(after)} if after < len(items) else {})
        body = b'{"metadata": %s, "items": [%s]}'
        return 200, body % (json.dumps(meta).encode(), b",".join(items[first:after]))


def _none(name: str) -> Object:
    return {"kind": "Status", "code": 404, "reason": "NotFound", "details": {"name": name}}


def _again(item: Object, number: int) -> Object:
    """The pod, or the EndpointSlice, once more under another name."""
    one = copy.deepcopy(item)
    _rename(one["metadata"], number)
    for endpoint in one.get("endpoints") or ():
        _rename(endpoint["targetRef"], number)
    return one


def _rename(named: Object, number: int) -> None:
    named["name"] += f"-{number}"
    named["uid"] = f"{named['uid'][:-6]}{number:06d}"


def _grown(workload: Object, times: int) -> Object:
    counts = {key: n * times for key, n in workload["status"].items() if key.endswith("eplicas")}
    spec = {**workload["spec"], "replicas": workload["spec"]["replicas"] * times}
    return {**workload, "spec": spec, "status": {**workload["status"], **counts}}


def _released(cafe: Object, times: int) -> Object:
    """The CafeDeployment and its record, as if so many pods had been released."""
    notes = cafe["metadata"]["annotations"]
    told = record_json.decode(notes[names.RELEASE])
    cells = {cell: count * times for cell, count in told.plan.cells.items()}
    grown = replace(told, plan=replace(told.plan, cells=cells))
    metadata = {
        **cafe["metadata"],
        "annotations": {**notes, names.RELEASE: record_json.encode(grown)},
    }
    spec = {**cafe["spec"], "replicas": cafe["spec"]["replicas"] * times}
    return {**cafe, "metadata": metadata, "spec": spec}


@contextmanager
def serving(plane: ControlPlane, namespace: str, name: str, times: int) -> Iterator[Path]:
    """A kubeconfig that leads to a server with such a crowd, while this lasts.

    It is a process of its own: what a process' children take is counted from its own size on.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(plane.directory), namespace, name, str(times), folder]
        command = [sys.executable, "-m", "bench.crowd", *arguments]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            yield Path(server.stdout.readline().strip())
            server.communicate()  # The end of its stdin is the end of it.


def serve(crowd: Crowd, folder: Path) -> None:
    """Print the kubeconfig of a server with `crowd`; end when stdin does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            code, body = crowd.answer(self.path)
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        print(write_kubeconfig(folder / "crowd", url, "t", "admin", None), flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    directory, space, named, many, into = sys.argv[1:]
    asked = Client.of(ControlPlane(Path(directory)), space)
    serve(Crowd(asked, space, named, int(many)), Path(into))

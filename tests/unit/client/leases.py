"""One Lease as an API server keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_cafe.client.lease_view import micro_time
from tests.unit.client.stub import Asked, Reply, Stub, status

OWNER = {"apiVersion": "v1", "kind": "CafeDeployment", "name": "web", "uid": "u1"}


class Server:
    """One Lease with compare-and-swap; `before` may spoil a write, `after` its answer."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.before: Callable[[Asked], Reply | None] = lambda _: None
        self.after: Callable[[Asked], Reply | None] = lambda _: None

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            missing = status(404, "NotFound", "not found", name="cafe-web", kind="leases")
            return Reply(body=self.lease) if self.lease else missing
        return self.before(asked) or self._write(asked)

    def _write(self, asked: Asked) -> Reply:
        if asked.method == "POST" and self.lease is not None:
            return status(409, "AlreadyExists", "already exists", name="cafe-web")
        if asked.method == "PUT":
            if self.lease is None:
                return status(404, "NotFound", "not found", name="cafe-web", kind="leases")
            if asked.body["metadata"]["resourceVersion"] != str(self.version):
                return status(409, "Conflict", "the object has been modified", name="cafe-web")
        self.put(asked.body)
        return self.after(asked) or Reply(body=self.lease)

    def put(self, body: dict[str, Any]) -> None:
        self.version += 1
        meta = {**body.get("metadata", {}), "resourceVersion": str(self.version)}
        self.lease = {**body, "metadata": meta}

    def held(self, holder: str, renewed: float, transitions: int = 4, duration: int = 30) -> None:
        spec = {
            "holderIdentity": holder,
            "renewTime": micro_time(renewed),
            "leaseDurationSeconds": duration,
            "leaseTransitions": transitions,
        }
        self.put({"metadata": {"name": "cafe-web", "uid": "l1"}, "spec": spec})

    @property
    def spec(self) -> dict[str, Any]:
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec


def writes(stub: Stub) -> list[str]:
    """The methods of the writes that were asked for."""
    return [asked.method for asked in stub.asked if asked.method != "GET"]

"""One pod with compare-and-swap, as whoever touches it meets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_cafe.driver.fencing import Touch
from tests.unit.client.stub import Asked, Reply, status

OWNER, EPOCH = "uid-cafe", 5
POD = "/api/v1/namespaces/stores/pods/a"
GONE = status(404, "NotFound", "not found", name="a", kind="pods")
STALE = status(409, "Conflict", "the object has been modified", name="a")


def thing(name: str, owner: str, controller: bool = True, **meta: Any) -> dict[str, Any]:
    """An object as a list shows it."""
    reference = {"uid": owner, "controller": controller}
    return {
        "metadata": {
            "name": name,
            "namespace": "stores",
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "ownerReferences": [reference],
            **meta,
        }
    }


class Server:
    """One pod with compare-and-swap; `spoil` may answer a write in its place."""

    def __init__(self) -> None:
        self.pod = thing("a", "uid-ours")
        self.spoil: list[Callable[[Asked], Reply | None]] = []

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body=self.pod) if self.pod else GONE
        spoiled = self.spoil.pop(0)(asked) if self.spoil else None
        return spoiled or self.carry_out(asked)

    def carry_out(self, asked: Asked) -> Reply:
        """The write as the API server does it."""
        meta = self.pod["metadata"]
        if asked.body["metadata"]["resourceVersion"] != meta["resourceVersion"]:
            return STALE
        meta["annotations"] = asked.body["metadata"]["annotations"]
        self.written_by_another()
        return Reply(body=self.pod)

    def written_by_another(self) -> None:
        """The pod moves on."""
        meta = self.pod["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)

    @property
    def touched(self) -> bool:
        """Whether the pod carries our epoch."""
        return Touch(POD, self.pod).carries(EPOCH)

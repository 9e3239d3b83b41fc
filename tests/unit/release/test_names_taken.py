"""Which of the names that a release needs are taken is read from the server."""

from __future__ import annotations

from typing import Any, cast

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.release import names_taken
from kubectl_cafe.revisions.revision import owner_reference
from tests.unit.builders import cafe_object, workload

CAFE = CafeDeployment(
    cafe_object(topology={"unitType": "Cell", "values": ["A", "B", "C", "D"]}),
)


class Sets:
    """A server of ReplicaSets."""

    def __init__(self, *found: dict[str, Any]) -> None:
        self.found = {paths.replicasets("stores", one["metadata"]["name"]): one for one in found}
        self.asked: list[str] = []

    def get_or_none(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        return self.found.get(path)


def named(name: str, **meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **meta}}


def test_of_the_cells_without_a_workload_those_are_taken_whose_replicaset_is_not_ours() -> None:
    """A has its workload, B's name is taken, C's is free, D's is ours and not seen yet."""
    ours = named("shop-d", ownerReferences=[owner_reference(CAFE.obj)])
    server = Sets(named("shop-b"), ours)

    taken = names_taken.read(cast(Transport, server), CAFE, [workload(1, "A")])

    assert [one.name for one in taken] == ["shop-b"]
    assert server.asked == [paths.replicasets("stores", f"shop-{cell}") for cell in "bcd"]

"""A pod set that no version has, of StatefulSets that are stored in a way of their own."""

from __future__ import annotations

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Json, UpdateStrategy, Workload, WorkloadWrite
from kubectl_cafe.podsets.cells import cell_label, pod_template, workload_name

CELL, REVISION, OWNER = "toy/cell", "toy/revision", "toy/owner"
OF = "toy/of"
"""The label by which its objects are selected."""


class ToySet:
    """One StatefulSet a cell, which says by annotations what it is and whose."""

    kind = "StatefulSet"
    resource = "statefulsets"

    def __init__(self, strategy: UpdateStrategy = UpdateStrategy.PATCHED) -> None:
        self.strategy = strategy

    def selector(self, owner: Json, cell: str = "") -> dict[str, str]:
        return {OF: owner["metadata"]["name"], **cell_label(cell)}

    def owned(self, obj: Json, owner: str) -> bool:
        return (obj["metadata"].get("annotations") or {}).get(OWNER) == owner

    def order(self, pod: Pod) -> tuple[float, str]:
        """The highest ordinal first."""
        return -int(pod.name.rpartition("-")[2]), pod.name

    def parse(self, obj: Json) -> Workload:
        meta, spec = obj["metadata"], obj["spec"]
        return Workload(
            name=meta["name"],
            uid=meta["uid"],
            resource_version=meta["resourceVersion"],
            cell=meta["annotations"][CELL],
            replicas=spec["replicas"],
            revision=meta["annotations"][REVISION],
            generation=meta["generation"],
            observed=(obj.get("status") or {}).get("observedGeneration", 0),
            refused=0.0,
            template=spec["template"],
        )

    def create(
        self, owner: Json, cell: str, revision: str, template: Json, replicas: int
    ) -> WorkloadWrite:
        name = workload_name(owner["metadata"]["name"], cell)
        labels = self.selector(owner, cell)
        body = {
            "apiVersion": "apps/v1",
            "kind": self.kind,
            "metadata": {
                "name": name,
                "namespace": owner["metadata"]["namespace"],
                "labels": labels,
                "annotations": {
                    CELL: cell,
                    REVISION: revision,
                    OWNER: owner["metadata"]["uid"],
                },
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": self._template(owner, cell, revision, template),
            },
        }
        return WorkloadWrite(name, True, body, f"create {name}")

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        whole = self._template(owner, workload.cell, revision, template)
        body = {
            "metadata": {**_judged(workload), "annotations": {REVISION: revision}},
            "spec": {"template": {"$patch": "replace", **whole}},
        }
        return WorkloadWrite(workload.name, False, body, f"commit {revision}")

    def _template(self, owner: Json, cell: str, revision: str, template: Json) -> Json:
        whole = pod_template(owner, cell, revision, template)
        whole["metadata"]["labels"].update(self.selector(owner, cell))
        return whole

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        body = {"metadata": _judged(workload), "spec": {"replicas": replicas}}
        return WorkloadWrite(workload.name, False, body, f"scale to {replicas}")


def _judged(workload: Workload) -> dict[str, object]:
    return {"uid": workload.uid, "resourceVersion": workload.resource_version}

"""A pod set that no version has, of StatefulSets that are stored in a way of their own."""

from __future__ import annotations

from kubectl_cafe.podsets import Json, Workload, WorkloadWrite
from kubectl_cafe.podsets.cells import cell_label, pod_template, workload_name
from kubectl_cafe.revisions.revision import owner_reference

CELL, REVISION = "toy/cell", "toy/revision"


class ToySet:
    """One StatefulSet a cell, which says its cell and its revision by annotations."""

    kind = "StatefulSet"
    resource = "statefulsets"

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
        labels = {**owner["spec"]["selector"]["matchLabels"], **cell_label(cell)}
        body = {
            "apiVersion": "apps/v1",
            "kind": self.kind,
            "metadata": {
                "name": name,
                "namespace": owner["metadata"]["namespace"],
                "labels": labels,
                "annotations": {CELL: cell, REVISION: revision},
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": pod_template(owner, cell, revision, template),
            },
        }
        return WorkloadWrite(name, True, body, f"create {name}")

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        whole = pod_template(owner, workload.cell, revision, template)
        body = {
            "metadata": {**_judged(workload), "annotations": {REVISION: revision}},
            "spec": {"template": {"$patch": "replace", **whole}},
        }
        return WorkloadWrite(workload.name, False, body, f"commit {revision}")

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        body = {"metadata": _judged(workload), "spec": {"replicas": replicas}}
        return WorkloadWrite(workload.name, False, body, f"scale to {replicas}")


def _judged(workload: Workload) -> dict[str, object]:
    return {"uid": workload.uid, "resourceVersion": workload.resource_version}

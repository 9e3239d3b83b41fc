"""InPlaceSet: one ReplicaSet per cell, whose pods are patched in place (protocol 3).

A ReplicaSet never compares its pods with its template, so it does not revert the patches. A
replacement is created from the template as it stands at that moment.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Json, UpdateStrategy, Workload, WorkloadWrite
from kubectl_cafe.podsets.cells import (
    cell_label,
    pod_template,
    workload_name,
)
from kubectl_cafe.podsets.commits import (
    SENT,
    committed,
    replaced,
    replacing,
)
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import controlled_by, owner_reference
from kubectl_cafe.times import seconds


class InPlaceSet:
    """The pod set of podSetType InPlaceSet."""

    kind = "ReplicaSet"
    resource = "replicasets"
    strategy = UpdateStrategy.PATCHED

    def selector(self, owner: Json, cell: str = "") -> Mapping[str, str]:
        """The labels of spec.selector.matchLabels, and the label of the cell."""
        selector = owner["spec"].get("selector") or {}
        return {**(selector.get("matchLabels") or {}), **cell_label(cell)}

    def owned(self, obj: Json, owner: str) -> bool:
        """Whether the controller of `obj` is the CafeDeployment `owner` (uid)."""
        return controlled_by(obj, (owner,))

    def order(self, pod: Pod) -> tuple[float, str]:
        """The sort key that takes the newest pod first (protocol 7), pods of equal age by name."""
        return -pod.created, pod.name

    def parse(self, obj: Json) -> Workload:
        """The Workload in a ReplicaSet."""
        meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
        conditions = {c["type"]: c for c in status.get("conditions") or ()}
        failed = conditions.get("ReplicaFailure") or {}
        refused = failed.get("status") == "True" and failed.get("reason") == "FailedCreate"
        scaled = _last_scaled(meta.get("managedFields") or ())
        template = spec["template"]
        template_labels = templates.labels(template)
        return Workload(
            name=meta["name"],
            uid=meta["uid"],
            resource_version=meta["resourceVersion"],
            cell=(meta.get("labels") or {}).get(names.CELL, ""),
            replicas=spec.get("replicas", 1),
            revision=template_labels.get(names.REVISION, ""),
            generation=meta.get("generation", 0),
            observed=status.get("observedGeneration", 0),
            refused=seconds(failed.get("lastTransitionTime")) if refused else 0.0,
            refusal=str(failed.get("message") or "") if refused else "",
            template=template,
            shown=templates.stamp(template),
            replaced=replaced(meta.get("annotations") or {}),
            committed=committed((meta.get("annotations") or {}).get(names.COMMITTED, "")),
            scaled_by=str(scaled.get("manager", "")),
            scaled_at=seconds(scaled.get("time")),
        )

    def create(
        self, owner: Json, cell: str, revision: str, template: Json, replicas: int = 0
    ) -> WorkloadWrite:
        """The write that creates the ReplicaSet of `cell`; with 0 replicas in a first release."""
        meta, selector = owner["metadata"], copy.deepcopy(dict(owner["spec"]["selector"]))
        match = self.selector(owner, cell)
        cells = (owner["spec"].get("topology") or {}).get("values") or ()
        name = workload_name(meta["name"], cell, cells)
        whole = pod_template(owner, cell, revision, template)
        body = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": match,
                "annotations": {names.COMMITTED: SENT + templates.stamp(whole)},
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": {
                "replicas": replicas,
                "selector": {**selector, "matchLabels": match},
                "template": whole,
            },
        }
        return WorkloadWrite(name, True, body, f"create ReplicaSet {name}")

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The write that replaces the ReplicaSet's template as a whole."""
        whole = pod_template(owner, workload.cell, revision, template)
        judged = _judged(workload)["metadata"]
        notes = {names.COMMITTED: SENT + templates.stamp(whole), **replacing(workload, whole)}
        body = {
            "metadata": {**judged, "annotations": notes},
            "spec": {"template": {"$patch": "replace", **whole}},
        }
        return WorkloadWrite(workload.name, False, body, f"commit {revision}")

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The write that sets the ReplicaSet's replicas."""
        body = {**_judged(workload), "spec": {"replicas": replicas}}
        return WorkloadWrite(workload.name, False, body, f"scale to {replicas}")


def _last_scaled(managed: Iterable[Json]) -> Json:
    """The entry of metadata.managedFields that wrote spec.replicas last; empty if unknown."""
    owners = [
        one for one in managed if "f:replicas" in ((one.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    return max(owners, key=lambda one: str(one.get("time", "")), default={})


def _judged(workload: Workload) -> dict[str, Any]:
    return {"metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version}}

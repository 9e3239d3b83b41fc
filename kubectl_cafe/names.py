"""The API group, annotations, labels and other names that the plugin uses (protocol 2 to 5)."""

from __future__ import annotations

GROUP = "apps.cafe.cloud.alipay.com"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "CafeDeployment"
PLURAL = "cafedeployments"
CRD = f"{PLURAL}.{GROUP}"

FIELD_MANAGER = "kubectl-cafe"

PREFIX = "cafe.sofastack.io"
RELEASE = f"{PREFIX}/release"
"""Annotation of the CafeDeployment: the record of its release."""
RELEASE_AT = f"{PREFIX}/release-at"
"""Annotation of the CafeDeployment: `UID/ID/KIND/STATE/OPEN/GOOD/BACK` of its release."""
RELEASE_PLAN = f"{PREFIX}/release-plan"
"""Annotation of the CafeDeployment: the inputs of its release's plan."""
STARTED_BY = f"{PREFIX}/started-by"
"""Annotation of the CafeDeployment: the user who started its release."""
CONFIRMED_BY = f"{PREFIX}/confirmed-by"
"""Annotation of the CafeDeployment: the user whose command confirmed the last group."""
CONFIRMED = f"{PREFIX}/upgrade-confirmed"
"""Annotation of the CafeDeployment: `true` or a group's number confirms the waiting group."""
EPOCH = f"{PREFIX}/epoch"
"""Annotation of pods and workloads: the epoch of the driver that updated them while fencing."""
TOUCHED = f"{PREFIX}/touched"
"""Annotation of a pod or workload: the resourceVersion in a write whose answer was lost."""
UNSWITCHED = f"{PREFIX}/unswitched"
"""Annotation of the CafeDeployment: a release's id, and why some of its pods are in mode None."""
COMMITTED = f"{PREFIX}/committed"
"""Annotation of a workload: hashes of its last commit's template (`podsets/commits.py`)."""
REPLACED = f"{PREFIX}/replaced-images"
"""Annotation of a workload: images that another client set in its template, by container.

A commit has replaced them since; pods with these images may still exist."""
ALLOCATION = f"{PREFIX}/allocation"
"""Annotation of the CafeDeployment: the number of pods of each cell."""
SIZE = f"{PREFIX}/size"
"""Annotation of the CafeDeployment: the spec.replicas and spec.topology of these numbers."""

OUTCOME = f"{PREFIX}/outcome"
"""Annotation of a revision that version 0.1.0 wrote: how its last release ended."""
RELEASES = f"{PREFIX}/releases"
"""Annotation of a revision that version 0.1.0 wrote: the last releases to it."""
RELEASE_OF = f"{PREFIX}/release-of"
"""Label of a ControllerRevision that is the record of an ended release: the CafeDeployment's name.
It differs from the label of revisions, by which version 0.1.0 would read a record as a revision."""

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""Annotation of a pod: of two otherwise equal pods the ReplicaSet controller deletes the one with
the lower cost first."""
IN_PLACE = f"{PREFIX}/in-place"
"""Annotation of a pod: the pod record, which has the progress of its upgrade."""
CELL = f"{PREFIX}/cell"
"""Label of pods, workloads and (unitType Cell) nodes."""
REVISION = f"{PREFIX}/revision"
"""Label of pods and templates: the name of the ControllerRevision."""
TRAFFIC = f"{PREFIX}/traffic"
"""Label of a pod in Label mode: `on` or `off`."""
IN_SERVICE = f"{PREFIX}/in-service"
"""Readiness gate of a pod in Gate mode."""

ZONE = "topology.kubernetes.io/zone"


def lease_name(name: str) -> str:
    """The name of the Lease that the driver of the CafeDeployment `name` holds."""
    return f"cafe-{name}"

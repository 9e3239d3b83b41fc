"""Every name the plugin writes into a cluster, once (protocol 2 to 5)."""

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
"""Annotation of the CafeDeployment: the release's record."""
CONFIRMED = f"{PREFIX}/upgrade-confirmed"
"""Annotation of the CafeDeployment: `true` or a group's number confirms the group that waits."""
EPOCH = f"{PREFIX}/epoch"
"""Annotation of pods and workloads: the epoch of the driver that took them over."""
TOUCHED = f"{PREFIX}/touched"
"""Annotation of a pod: the resourceVersion that a write was judged on whose answer was lost."""
UNSWITCHED = f"{PREFIX}/unswitched"
"""Annotation of the CafeDeployment: a release, and what had taken its pods' switches before."""
COMMITTED = f"{PREFIX}/committed"
"""Annotation of a workload: identifies the template that its last commit made, as answered."""
REPLACED = f"{PREFIX}/replaced-images"
"""Annotation of a workload: the images that commits replaced and that no commit had made."""
ALLOCATION = f"{PREFIX}/allocation"
"""Annotation of the CafeDeployment: how many pods each cell has."""

OUTCOME = f"{PREFIX}/outcome"
"""Annotation of a ControllerRevision: how its last release ended."""
RELEASES = f"{PREFIX}/releases"
"""Annotation of a ControllerRevision: the last releases to it, with their journals."""

IN_PLACE = f"{PREFIX}/in-place"
"""Annotation of a pod: how far its own upgrade got."""
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
    """The Lease that says who drives the CafeDeployment `name`."""
    return f"cafe-{name}"

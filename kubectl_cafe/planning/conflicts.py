"""Objects that conflict with the workloads a release would create, refused before any write.

A ReplicaSet that was orphaned (`--cascade=orphan`), restored from a backup without its owner, or
left by an earlier CafeDeployment of the same name has no owner, or another one, and its name is in
use. A new ReplicaSet adopts pods without a controller that it selects, and deletes them if its
replicas are 0. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.image_revisions import lacking as lacks
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import argument, cafe_command, kubectl
from kubectl_cafe.planning.finding import Finding, warning
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Workload, by_cell
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import owner_reference
from kubectl_cafe.text import counted, first_names

Json = Mapping[str, Any]
NAMED = 3
"""The largest number of pods that a refusal names."""


@dataclass(frozen=True)
class Taken:
    """A ReplicaSet under a name that a release needs, which the CafeDeployment does not own.

    `controller` is kind/name of its controller, empty without one. `earlier`: the controller is a
    deleted CafeDeployment of the same name. `leaving`: the ReplicaSet is being deleted.
    """

    name: str
    controller: str
    earlier: bool
    leaving: bool


def lacking(cafe: CafeDeployment, workloads: Iterable[Workload]) -> list[str]:
    """The cells that have no workload of this CafeDeployment yet."""
    present = by_cell.present(workloads)
    return [cell for cell in cafe.cells if cell not in present]


def parse(cafe: CafeDeployment, obj: Json) -> Taken | None:
    """The conflict that ReplicaSet `obj` is; None if the CafeDeployment owns it and it stays."""
    meta = obj["metadata"]
    leaving = "deletionTimestamp" in meta
    if cafe.podset.owned(obj, cafe.uid) and not leaving:
        return None
    controllers = [o for o in meta.get("ownerReferences") or () if o.get("controller")]
    controller: Json = next(iter(controllers), {})
    return Taken(
        name=meta["name"],
        controller=f"{controller['kind']}/{controller['name']}" if controller else "",
        earlier=(controller.get("kind"), controller.get("name")) == (names.KIND, cafe.name),
        leaving=leaving,
    )


def refuse(cafe: CafeDeployment, taken: Iterable[Taken]) -> None:
    """Raise Refused for the first name that is taken, with the next command."""
    for one in taken:
        what, hint = _said(cafe, one)
        raise Refused(
            f"{cafe.podset.kind} {one.name} exists and {what}. Nothing was written",
            where=f"{cafe.podset.kind.lower()}/{one.name} in namespace {cafe.namespace}",
            hint=hint,
        )


def overlapping(cafe: CafeDeployment, pods: Iterable[Pod]) -> Iterator[Finding]:
    """The warning about selected pods of other controllers.

    Controllers never adopt each other's pods, but all that uses this selector counts both.
    """
    foreign = sorted(pod.name for pod in pods if pod.owner)
    if foreign:
        yield warning(
            "selector",
            f"spec.selector also matches {counted(len(foreign), 'pod')} of other controllers "
            f"({first_names(foreign, NAMED)}): Services, PodDisruptionBudgets and autoscalers with "
            "these labels count them, too",
            where=f"{cafe.where}, spec.selector",
            hint=kubectl("get pods", cafe.namespace, f"-l {argument(cafe.label_selector)}"),
        )


def refuse_unowned(cafe: CafeDeployment, pods: Iterable[Pod]) -> None:
    """Raise Refused for pods without a controller: a first release would delete them.

    Its ReplicaSets are created with 0 replicas: they would adopt these pods and delete them.
    """
    bare = sorted(pod.name for pod in pods if not pod.owner)
    if not bare:
        return
    shown = ", ".join(bare[:NAMED])
    raise Refused(
        f"spec.selector matches {counted(len(bare), 'pod')} without a controller ({shown}): the "
        f"{cafe.podset.kind}s of a first release would adopt and delete them. Nothing was written",
        where=cafe.where,
        hint=kubectl("get pods", cafe.namespace, f"-l {argument(cafe.label_selector)}")
        + "   (delete them, or change a label that spec.selector selects)",
    )


def refuse_unknown(cafe: CafeDeployment, pods: Collection[Pod], template: Json) -> None:
    """Raise Refused for pods of no known revision: a release would leave them alone as drift.

    This happens after a ReplicaSet was adopted by hand: the images that run must be released first.
    """
    wanted = templates.images(template)
    strange = [pod for pod in pods if lacks(pod, wanted, {})]
    if strange:
        shown = strange[0].images()
        running = (f"{name}={shown[name]}" for name in wanted if name in shown)
        flags = " ".join(f"--image {argument(one)}" for one in running)
        raise Refused(
            f"{counted(len(strange), 'pod')} with images of no revision of this CafeDeployment "
            f"(such as {strange[0].name}): release the running images first. Nothing was written",
            where=cafe.where,
            hint=cafe_command("upgrade", cafe.name, cafe.namespace, flags),
        )


def _said(cafe: CafeDeployment, one: Taken) -> tuple[str, str]:
    kind, space = cafe.podset.kind.lower(), cafe.namespace
    name = f"{kind} {one.name}"
    wait = kubectl(f"wait --for=delete {kind}/{one.name}", space, "--timeout=120s")
    if one.leaving:
        return "is being deleted", wait
    if one.earlier:
        return (
            "belongs to a deleted CafeDeployment of the same name: the garbage collector deletes it"
        ), wait
    if one.controller:
        return f"is controlled by {one.controller}", kubectl(f"get {name}", space, "-o yaml")
    patch = {"metadata": {"ownerReferences": [owner_reference(cafe.obj)]}}
    text = json.dumps(patch, separators=(",", ":"))
    return (
        "has no owner (it was orphaned, or restored without it)",
        kubectl(f"patch {name}", space, f"--type merge -p '{text}'")
        + "   (adopts it), or "
        + kubectl(f"delete {name}", space),
    )

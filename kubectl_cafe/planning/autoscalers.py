"""HorizontalPodAutoscalers of the workloads and of the CafeDeployment. Pure (protocol 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, ok, unknown, warning
from kubectl_cafe.podsets import Workload

Json = Mapping[str, Any]
CHECK = "autoscalers"
WORKLOADS = "apps"
"""The API group of the workloads."""


class Autoscaler(Struct, frozen=True):
    """A HorizontalPodAutoscaler: the group, kind and name of its target, and its bounds.

    `edited` is the object whose bounds a user edits, as KIND/NAME: the autoscaler, or its
    controller, such as a ScaledObject of KEDA.
    """

    name: str
    group: str
    kind: str
    target: str
    least: int
    most: int
    edited: str

    def __str__(self) -> str:
        """The name with the bounds, in a message."""
        return f"HorizontalPodAutoscaler {self.name} ({self.least} to {self.most} pods)"


def parse(obj: Json) -> Autoscaler:
    """The Autoscaler of an autoscaling/v2 object."""
    meta, spec = obj["metadata"], obj["spec"]
    target = spec["scaleTargetRef"]
    owners = [one for one in meta.get("ownerReferences") or () if one.get("controller")]
    edited = {"kind": "HorizontalPodAutoscaler", "name": meta["name"], **(owners or [{}])[0]}
    return Autoscaler(
        name=meta["name"],
        group=str(target.get("apiVersion") or "").rpartition("/")[0],
        kind=target["kind"],
        target=target["name"],
        least=spec.get("minReplicas", 1),
        most=spec["maxReplicas"],
        edited=f"{edited['kind'].lower()}/{edited['name']}",
    )


def by_cell(
    found: Iterable[Autoscaler] | CafeError, cafe: CafeDeployment, workloads: Iterable[Workload]
) -> Mapping[str, Autoscaler]:
    """The autoscaler of each cell whose workload has one; none if they could not be read."""
    if isinstance(found, CafeError):
        return {}
    kind = cafe.podset.kind
    targets = {a.target: a for a in found if (a.group, a.kind) == (WORKLOADS, kind)}
    return {one.cell: targets[one.name] for one in workloads if one.name in targets}


def refuse(
    cafe: CafeDeployment,
    cells: Mapping[str, int],
    before: Mapping[str, int] | None,
    scalers: Mapping[str, Autoscaler],
) -> None:
    """Raise Refused if the release would change the count of a cell that has an autoscaler.

    `cells` and `before` are the counts of the plan, `scalers` the autoscalers by cell.
    """
    for cell, size in cells.items():
        there = (before or cells).get(cell, 0)
        if cell in scalers and size != there:
            one = scalers[cell]
            raise Refused(
                f"{one} sets the number of pods of cell {cell or 'all'}, and the spec asks for "
                f"{size} instead of {there}: a release does not change a number that an autoscaler "
                "sets. Change its bounds, or put the spec's number back. Nothing was written",
                where=f"{one.edited} in namespace {cafe.namespace}",
                hint=kubectl(f"edit {one.edited}", cafe.namespace),
            )


def findings(
    found: Iterable[Autoscaler] | CafeError, cafe: CafeDeployment, workloads: Iterable[Workload]
) -> Iterator[Finding]:
    """What each autoscaler means for a release of `cafe`."""
    if isinstance(found, CafeError):
        yield unknown(CHECK, f"HorizontalPodAutoscalers: {found.message}")
        return
    for cell, one in by_cell(found, cafe, workloads).items():
        follows = "the release follows its number, and upgrades new pods with the last group"
        yield ok(CHECK, f"{one} sets the number of pods of cell {cell or 'all'}: {follows}")
    for one in found:
        if (one.group, one.kind, one.target) == (names.GROUP, names.KIND, cafe.name):
            why = (
                f"{one} sets spec.replicas of the CafeDeployment: its number takes effect with the "
                f"next release only; let it scale each {cafe.podset.kind} instead"
            )
            yield warning(CHECK, why, hint=kubectl(f"edit {one.edited}", cafe.namespace))

"""A proposed release in few words, for tests of its pre-flight checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.client.errors import Forbidden
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.finding import Finding
from kubectl_cafe.planning.proposal import outline
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.preflight import dry_runs
from kubectl_cafe.preflight.answers import Case
from kubectl_cafe.revisions.revision import Revision, name_of
from tests.unit.builders import START, cafe_object, pod, template, workload

V1, V2 = (name_of("shop", template(f"app:{version}")) for version in ("v1", "v2"))
AT_V1 = {names.REVISION: V1}
MAY_NOT = Forbidden(
    "not allowed",
    server_message='nodes is forbidden: User "ann" cannot list resource "nodes" in API group ""',
)


def shop(meta: Mapping[str, Any] | None = None, **spec: Any) -> CafeDeployment:
    """The CafeDeployment `shop`."""
    obj = cafe_object(**spec)
    obj["metadata"] |= meta or {}
    return CafeDeployment(obj)


def upgrade(
    *pods: Pod,
    to: Any = None,
    of: CafeDeployment | None = None,
    budgets: tuple[DisruptionBudget, ...] = (),
    **spec: Any,
) -> Case:
    """An upgrade from v1 to `to` (v2); without `pods` of two healthy ones."""
    shown = pods or (pod("a", labels=AT_V1), pod("b", labels=AT_V1))
    spec = {"replicas": len(shown), "strategy": {"maxUnavailable": 1}, **spec}
    cafe = of or shop(**spec)
    known = (Revision(V1, 1, template("app:v1")),)
    sizes: dict[str, int] = {}
    for one in shown:
        sizes[one.cell] = sizes.get(one.cell, 0) + 1
    sets = tuple(workload(size, cell, revision=V1) for cell, size in sizes.items())
    around = Around(known, sets, shown, budgets=budgets)
    return proposed(cafe, around, to or template("app:v2"))


def create(**spec: Any) -> Case:
    """A first release of two pods."""
    cafe = shop(**spec)
    return proposed(cafe, Around((), (), ()), cafe.template)


def proposed(cafe: CafeDeployment, around: Around, wanted: Any) -> Case:
    """The case of a release of `wanted`."""
    wished = cafe.with_template(wanted)
    return dry_runs.case(cafe, wished, around, outline(wished, around, wanted), START)


def said(found: Iterable[Finding]) -> list[str]:
    """Findings as `level: message`."""
    return [f"{finding.level}: {finding.message}" for finding in found]

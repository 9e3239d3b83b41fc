"""The pods that a release creates, and what each container requests of the namespace's quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kubectl_cafe.preflight.answers import Case
from kubectl_cafe.preflight.quantity import quantity
from statemachine.steps import Kind

Json = Mapping[str, Any]
MUST_SAY = ("cpu", "memory")
"""Resources that each container must request where a quota limits them (quota/core/pods.go)."""


@dataclass(frozen=True)
class Demand:
    """One container's requests and limits, with the defaults that the API server adds."""

    container: str
    requests: Json
    limits: Json


def count(case: Case) -> int:
    """How many pods the release creates; 0 for a release that restarts pods in place."""
    plan, kind = case.proposal.plan, case.proposal.kind
    if kind is Kind.CREATE:  # Pods of an earlier attempt are there.
        return max(0, sum(plan.cells.values()) - len(case.around.living))
    before = plan.started(kind)
    return sum(max(0, size - before.get(cell, 0)) for cell, size in plan.cells.items())


def demands(template: Json, ranges: Sequence[Json]) -> list[Demand]:
    """The requests and limits of the template's containers.

    A missing request is the limit, then the default of a LimitRange. `ranges` are the namespace's
    LimitRanges. Init containers and overhead are not included.
    """
    defaults = [item for one in ranges for item in items(one, "Container")]
    result: list[Demand] = []
    for container in (template.get("spec") or {}).get("containers") or ():
        given = container.get("resources") or {}
        limits = dict(given.get("limits") or {})
        requests = {**limits, **(given.get("requests") or {})}
        for item in defaults:
            limits = {**(item.get("default") or {}), **limits}
            requests = {**(item.get("defaultRequest") or {}), **requests}
        result.append(Demand(container["name"], requests, limits))
    return result


def exact(template: Json) -> bool:
    """Whether the containers' requests are all that a pod of the template requests."""
    spec = template.get("spec") or {}
    return not any(spec.get(key) for key in ("initContainers", "overhead", "resources"))


def items(limit_range: Json, kind: str) -> list[Json]:
    """The items of a LimitRange for `kind`: Container or Pod."""
    found = limit_range["spec"].get("limits") or ()
    return [item for item in found if item.get("type") == kind]


def share(resource: str, wanted: Sequence[Demand]) -> Decimal | str | None:
    """How much of a quota's `resource` one pod uses; None: it is not a resource of pods.

    If the quota requires a value that a container lacks, the result is that container's name.
    """
    if resource in ("pods", "count/pods"):
        return Decimal(1)
    side, dot, plain = resource.partition(".")
    if side not in ("requests", "limits") or not dot:
        side, plain = "requests", resource
        if plain not in (*MUST_SAY, "ephemeral-storage"):
            return None
    said = [one.limits if side == "limits" else one.requests for one in wanted]
    if plain in MUST_SAY:
        for one, resources in zip(wanted, said, strict=True):
            if plain not in resources:
                return one.container
    return sum((quantity(resources.get(plain, 0)) for resources in said), Decimal(0))

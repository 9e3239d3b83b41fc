"""Whether ResourceQuotas and LimitRanges admit the new pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, Level, ok, refused, unknown
from kubectl_cafe.preflight import new_pods
from kubectl_cafe.preflight.answers import Answers, Case
from kubectl_cafe.preflight.new_pods import Demand
from kubectl_cafe.preflight.quantity import quantity
from kubectl_cafe.text import counted

Json = Mapping[str, Any]
CHECK = "quota"


def judge(case: Case, answers: Answers) -> Iterator[Finding]:
    """The quotas that the new pods don't fit in, and the limits that their containers break."""
    created, quotas, limits = new_pods.count(case), answers.quotas, answers.limits
    new = counted(created, "new pod")
    if not created or quotas is None or limits is None:
        return
    for missing in (quotas, limits):
        if isinstance(missing, CafeError):
            yield unknown(CHECK, f"quotas and limits for {new}: {missing.message}")
            return
    assert not isinstance(quotas, CafeError)
    assert not isinstance(limits, CafeError)
    template, space = case.proposal.template, case.cafe.namespace
    try:
        wanted = new_pods.demands(template, limits)
        found = [
            *(f for one in limits for f in outside(one, wanted, space)),
            *(f for one in quotas for f in beyond(one, created, wanted, space)),
        ]
    except (ValueError, ArithmeticError) as error:
        yield unknown(CHECK, f"quotas and limits for {new}: {error}")
        return
    yield from found
    if any(finding.level is Level.REFUSED for finding in found):
        return
    if (quotas or limits) and not new_pods.exact(template):
        yield unknown(CHECK, "the share of init containers and overhead in the namespace's quotas")
    elif not found:
        yield ok(CHECK, f"the namespace's quotas and limits admit {new}")


def beyond(quota: Json, created: int, wanted: Sequence[Demand], space: str) -> Iterator[Finding]:
    """The findings of a ResourceQuota for `created` new pods; one with scopes is not checked."""
    name, spec = quota["metadata"]["name"], quota.get("spec") or {}
    where = f"resourcequota/{name} in namespace {space}"
    hint = kubectl(f"describe quota {name}", space)
    if spec.get("scopes") or spec.get("scopeSelector"):
        yield unknown(CHECK, f"quota {name}: quotas with scopes are not evaluated", where=where)
        return
    status = quota.get("status") or {}
    used = status.get("used") or {}
    for resource, hard in (status.get("hard") or spec.get("hard") or {}).items():
        each = new_pods.share(resource, wanted)
        if isinstance(each, str):
            why = f"quota {name} requires {resource} of every container, {each} has none"
            yield refused(CHECK, why, where=where, hint=hint)
        elif each is not None:
            free, need = quantity(hard) - quantity(used.get(resource, 0)), each * created
            if need > free:
                why = f"quota {name}: {resource} {_plain(need)} required for "
                why += f"{counted(created, 'new pod')}, {_plain(free)} left"
                yield refused(CHECK, why, where=where, hint=hint)


def outside(limit_range: Json, wanted: Sequence[Demand], space: str) -> Iterator[Finding]:
    """The findings of one LimitRange (plugin/pkg/admission/limitranger)."""
    name = limit_range["metadata"]["name"]
    where = f"limitrange/{name} in namespace {space}"
    hint = kubectl(f"describe limitrange {name}", space)
    if new_pods.items(limit_range, "Pod"):
        yield unknown(CHECK, f"LimitRange {name}: limits of type Pod", where=where)
    for item in new_pods.items(limit_range, "Container"):
        for one in wanted:
            for problem in breaks(item, one):
                why = f"LimitRange {name}: container {one.container} {problem}"
                yield refused(CHECK, why, where=where, hint=hint)


def breaks(item: Json, one: Demand) -> Iterator[str]:
    """How a container breaks the bounds of one LimitRange item, in words."""
    for resource, most in (item.get("max") or {}).items():
        if resource not in one.limits:
            yield f"has no {resource} limit, the maximum is {most}"
        elif quantity(one.limits[resource]) > quantity(most):
            yield f"has a {resource} limit of {one.limits[resource]}, the maximum is {most}"
    for resource, least in (item.get("min") or {}).items():
        if resource not in one.requests:
            yield f"has no {resource} request, the minimum is {least}"
        elif quantity(one.requests[resource]) < quantity(least):
            yield f"has a {resource} request of {one.requests[resource]}, the minimum is {least}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"

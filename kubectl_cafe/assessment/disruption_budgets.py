"""PodDisruptionBudgets, asked by us: the eviction API never sees an in-place restart (protocol 7).

They are read as the disruption controller left them; no budget is ever written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.pods.model import Pod

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Requirement:
    """One matchExpression; NotIn and DoesNotExist hold for a pod without the label as well.

    Source: apimachinery's labels.Requirement.Matches.
    """

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet it; an operator of a later API is met: one wait too many."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "DoesNotExist":
                return self.key not in labels
            case "Exists":
                return self.key in labels
            case _:
                return True


@dataclass(frozen=True)
class DisruptionBudget:
    """One PodDisruptionBudget. `selector` is None where it selects nothing; empty: all pods.

    The numbers are pods, from its status: as many as it counted in `expected`, of which
    `healthy` are, `desired` must stay so, and `allowed` may be disrupted now. `observed`:
    the status is of the present spec.
    """

    name: str
    selector: tuple[Requirement, ...] | None
    desired: int
    allowed: int
    healthy: int
    expected: int
    observed: bool

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether it speaks of a pod with `labels`."""
        return self.selector is not None and all(one.met(labels) for one in self.selector)

    def room(self, available: int, ours: int, others: int | None = None) -> int:
        """How many healthy pods it lets go, of `ours` that it covers and `available` (C64).

        What we see decides, for its status lags behind our writes and knows nothing of a
        restart in Label mode. `others` are the healthy pods of others that it covers; where
        they are not known (None) it is as many as its status says.
        """
        if not self.observed:
            return 0
        of_others = max(0, self.healthy - ours) if others is None else others
        return min(available + of_others - self.desired, self.allowed)

    @property
    def never(self) -> bool:
        """Whether it wants every pod healthy, so that it can't leave room (maxUnavailable 0)."""
        return self.observed and 0 < self.expected <= self.desired

    def __str__(self) -> str:
        """Its name and what it says, for people."""
        said = f"{self.healthy} healthy, {self.desired} wanted, {self.allowed} may be disrupted"
        return f"PodDisruptionBudget {self.name} ({said if self.observed else 'not observed yet'})"


def parse(item: Json) -> DisruptionBudget:
    """The budget in an object of policy/v1."""
    meta, status = item["metadata"], item.get("status") or {}
    return DisruptionBudget(
        name=meta["name"],
        selector=_selector(item["spec"].get("selector")),
        desired=status.get("desiredHealthy", 0),
        allowed=status.get("disruptionsAllowed", 0),
        healthy=status.get("currentHealthy", 0),
        expected=status.get("expectedPods", 0),
        observed=status.get("observedGeneration", 0) >= meta.get("generation", 1),
    )


def _selector(selector: Json | None) -> tuple[Requirement, ...] | None:
    """A LabelSelector as requirements: absent selects nothing, empty selects all."""
    if selector is None:
        return None
    equal = (selector.get("matchLabels") or {}).items()
    return (
        *(Requirement(key, "In", frozenset([value])) for key, value in equal),
        *(
            Requirement(one["key"], one["operator"], frozenset(one.get("values") or ()))
            for one in selector.get("matchExpressions") or ()
        ),
    )


def covering(
    budgets: Iterable[DisruptionBudget], pods: Iterable[Pod]
) -> tuple[DisruptionBudget, ...]:
    """The budgets that cover any of `pods`."""
    labels = [pod.labels for pod in pods]
    return tuple(budget for budget in budgets if any(map(budget.covers, labels)))


def warnings(budgets: Iterable[DisruptionBudget], namespace: str) -> tuple[str, ...]:
    """What a person should know of `budgets` before saying yes to a release."""
    return tuple(
        f"PodDisruptionBudget {budget.name} wants all of its {budget.expected} pods healthy: no "
        "healthy pod is taken until it is edited "
        f"(kubectl edit pdb {budget.name} -n {namespace})"
        for budget in budgets
        if budget.never
    )

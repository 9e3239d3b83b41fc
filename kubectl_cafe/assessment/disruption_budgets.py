"""PodDisruptionBudgets, evaluated by the driver: in-place restarts bypass the eviction API.

Their status is read as the disruption controller wrote it, and never written (protocol 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from msgspec import Struct

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.text import counted

Json = Mapping[str, Any]


class Requirement(Struct, frozen=True):
    """One matchExpression; NotIn and DoesNotExist also match a pod without the label.

    Source: apimachinery's labels.Requirement.Matches.
    """

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet the requirement.

        An unknown operator counts as met: the driver may wait for a budget needlessly.
        """
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


class DisruptionBudget(Struct, frozen=True):
    """One PodDisruptionBudget. `selector`: None selects no pods, an empty one all pods.

    From its status: `expected` is expectedPods, `healthy` currentHealthy, `desired` desiredHealthy,
    `allowed` disruptionsAllowed. `observed`: the status is of the present spec. `at_least` and
    `at_most` are spec.minAvailable and spec.maxUnavailable, empty if not set.
    """

    name: str
    selector: tuple[Requirement, ...] | None
    desired: int
    allowed: int
    healthy: int
    expected: int
    observed: bool
    at_least: str = ""
    at_most: str = ""

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether the budget selects a pod with `labels`."""
        return self.selector is not None and all(one.met(labels) for one in self.selector)

    def room(self, available: int, ours: int, others: int | None = None) -> int:
        """The number of healthy pods that the budget allows to be disrupted now (C64).

        The status of a budget lags behind the driver's writes and does not show a restart in Label
        mode, so the pods that this process sees count as well. Of the pods that the budget covers,
        `ours` is the number of this release's, `available` the number of these that are available,
        `others` the number of other owners' healthy pods; None: computed from the status.
        """
        if not self.observed:
            return 0
        of_others = max(0, self.healthy - ours) if others is None else others
        return min(available + of_others - self.desired, self.allowed)

    def wanted_of(self, pods: int) -> int:
        """The number of healthy pods that the budget requires of `pods` pods.

        Percentages are rounded up, as the disruption controller rounds them.
        """
        if self.at_most:
            return max(0, pods - _share(self.at_most, pods))
        return _share(self.at_least, pods) if self.at_least else self.desired

    @property
    def never(self) -> bool:
        """Whether the budget never has room: it requires all its pods to be healthy."""
        return self.observed and 0 < self.expected <= self.desired

    def __str__(self) -> str:
        """The budget's name and its numbers, as printed."""
        said = (
            f"{self.healthy} healthy, {self.desired} desired, "
            f"{counted(self.allowed, 'disruption')} allowed"
        )
        return f"PodDisruptionBudget {self.name} ({said if self.observed else 'not observed yet'})"


def parse(item: Json) -> DisruptionBudget:
    """The DisruptionBudget of a policy/v1 object."""
    meta, status = item["metadata"], item.get("status") or {}
    return DisruptionBudget(
        name=meta["name"],
        selector=_selector(item["spec"].get("selector")),
        desired=status.get("desiredHealthy", 0),
        allowed=status.get("disruptionsAllowed", 0),
        healthy=status.get("currentHealthy", 0),
        expected=status.get("expectedPods", 0),
        observed=status.get("observedGeneration", 0) >= meta.get("generation", 1),
        at_least=_text(item["spec"].get("minAvailable")),
        at_most=_text(item["spec"].get("maxUnavailable")),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _share(value: str, pods: int) -> int:
    """A number, or a percentage of `pods`, rounded up."""
    return ceil(pods * int(value[:-1]) / 100) if value.endswith("%") else int(value)


def _selector(selector: Json | None) -> tuple[Requirement, ...] | None:
    """The requirements of a LabelSelector; None if absent (no pods), empty selects all pods."""
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
    """The warnings of `plan` and `upgrade` about those of `budgets` that never have room."""
    return tuple(
        f"PodDisruptionBudget {budget.name} allows no disruption of its "
        f"{counted(budget.expected, 'pod')}: no healthy pod is upgraded until it is edited "
        f"(kubectl edit pdb {budget.name} -n {namespace})"
        for budget in budgets
        if budget.never
    )

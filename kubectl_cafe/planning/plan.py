"""The plan of a release as data, for printers and documents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChangeLine:
    """One difference between the two templates; None: the value is absent."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class CellPart:
    """One cell in one group.

    `takes` is the number of pods that the group upgrades, creates or removes, `done` how many of
    `size` are at the target after it (of a removal: are left). `pods` are their names, if known.
    """

    cell: str
    takes: int
    done: int
    size: int
    pods: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepLine:
    """One step; `group` is 0 and `cells` empty for a step that is not a group."""

    kind: str
    group: int = 0
    cells: tuple[CellPart, ...] = ()


@dataclass(frozen=True)
class FindingLine:
    """One finding: its check, level (refused, warning, not checked, ok) and next command."""

    check: str
    level: str
    message: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True)
class PlanView:
    """The effect of a release. `others` are the changed paths that can't change in place.

    `needed`: the release changes something. `budgets` are the PodDisruptionBudgets that must have
    room before a healthy pod is taken. `upgrades` is False for a release that only creates or
    removes pods.
    """

    name: str
    namespace: str
    context: str
    kind: str
    needed: bool
    source: str
    target: str
    changes: tuple[ChangeLine, ...]
    others: tuple[str, ...]
    steps: tuple[StepLine, ...]
    confirmations: bool
    max_unavailable: str
    budgets: tuple[str, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    upgrades: bool = True

    @property
    def refused(self) -> bool:
        """Whether `upgrade` would not begin."""
        return any(finding.level == "refused" for finding in self.findings)

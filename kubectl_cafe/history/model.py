"""The history of a CafeDeployment as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from statemachine.record import Entry


@dataclass(frozen=True)
class ReleaseLine:
    """One release. `started` and `ended` are RFC 3339, `ended` is empty while it is under way.

    `source` and `target` are the numbers of the revisions before and after it, or their names if
    the numbers are not known. If a release was rolled back before its end, `target` is its first
    target, and `back` the user and the reason of the rollback. `took` is its duration in seconds,
    `images` are those of `target`, `host` is the machine from which it was started. `confirmed` has
    one text `group N: USER` per confirmation.
    """

    id: str
    kind: str
    outcome: str
    source: str
    target: str
    started: str
    ended: str
    took: float
    who: str
    host: str
    why: str
    images: Mapping[str, str] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    back: str = ""
    journal: tuple[Entry, ...] = ()
    journal_cut: int = 0


@dataclass(frozen=True)
class RevisionLine:
    """One revision, the number of `pods` that run its images now, and its releases, oldest first.

    `releases_cut` older releases were not kept.
    """

    number: int
    name: str
    images: Mapping[str, str]
    pods: int
    releases: tuple[ReleaseLine, ...] = ()
    releases_cut: int = 0
    problem: str = ""


@dataclass(frozen=True)
class History:
    """All revisions and all releases of a CafeDeployment, oldest first.

    `problems` are messages about stored releases that can't be read.
    """

    name: str
    namespace: str
    revisions: tuple[RevisionLine, ...]
    releases: tuple[ReleaseLine, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A release, with the namespace and the name of its CafeDeployment."""

    namespace: str
    name: str
    line: ReleaseLine


@dataclass(frozen=True)
class Detail:
    """One revision: its template (`text`: as YAML), and a unified diff from revision `before`.

    `before` is a revision number; None: this is the oldest revision.
    """

    line: RevisionLine
    template: Mapping[str, object]
    text: str
    before: int | None
    difference: str

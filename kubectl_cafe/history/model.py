"""The history of a CafeDeployment as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from statemachine.record import Entry


@dataclass(frozen=True)
class ReleaseLine:
    """One release; `ended` is empty while it is under way, `took` is in seconds.

    `source` and `target` are the numbers of the revisions that it came from and went to, or their
    names where no number is known. If a release was rolled back before its end, `target` is its
    first target, and `back` the user and the reason of the rollback. `images` are those of
    `target`, `host` is the machine of its start, `confirmed` has each group with its user.
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
    """One revision, how many pods run its images now, and its releases, newest last."""

    number: int
    name: str
    images: Mapping[str, str]
    pods: int
    releases: tuple[ReleaseLine, ...] = ()
    releases_cut: int = 0
    problem: str = ""


@dataclass(frozen=True)
class History:
    """All revisions of a CafeDeployment, oldest first, and all releases in the order of time.

    `problems` are the stored releases that can't be read.
    """

    name: str
    namespace: str
    revisions: tuple[RevisionLine, ...]
    releases: tuple[ReleaseLine, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A release among those of several CafeDeployments."""

    namespace: str
    name: str
    line: ReleaseLine


@dataclass(frozen=True)
class Detail:
    """One revision: its template, `text` as YAML, and a unified diff from revision `before`."""

    line: RevisionLine
    template: Mapping[str, object]
    text: str
    before: int | None
    difference: str

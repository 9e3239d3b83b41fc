"""The history of a CafeDeployment as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from statemachine.record import Entry


@dataclass(frozen=True)
class ReleaseLine:
    """One release to a revision; `ended` is empty while it is under way, `took` is in seconds.

    `source` is the revision that it started from, as text, `host` the machine of its start.
    """

    id: str
    kind: str
    outcome: str
    source: str
    started: str
    ended: str
    took: float
    who: str
    host: str
    why: str
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
    """All revisions of a CafeDeployment, oldest first."""

    name: str
    namespace: str
    revisions: tuple[RevisionLine, ...]


@dataclass(frozen=True)
class Detail:
    """One revision: its template, `text` as YAML, and a unified diff from revision `before`."""

    line: RevisionLine
    template: Mapping[str, object]
    text: str
    before: int | None
    difference: str

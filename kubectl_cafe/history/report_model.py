"""The data of the report of one release; times are in seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from statemachine.record import Entry


class What(StrEnum):
    """What a pod, or the release, does in a span of time; the value is the legend's text."""

    DRAIN = "traffic off, image unchanged"
    ASTRAY = "patched with an image that was reverted"
    RESTART = "restarting with the new image"
    VERIFY = "running, being verified"
    RETURN = "traffic on, not Ready yet"
    STARTING = "starting"
    TROUBLE = "does not start"
    RUNNING = "running"
    WAITING = "waiting for a confirmation or decision"
    FAILED = "failed"


@dataclass(frozen=True)
class Span:
    """What a pod or the release did from `start` to `end`; `text` is a detail of it."""

    what: What
    start: float
    end: float
    text: str = ""


@dataclass(frozen=True)
class Passage:
    """The times of one pod in the release. A time that is not known, or not yet, is 0.

    `off`, `patched`, `again` and `on` are from the pod's record: traffic off, image written,
    another image written before the first one was done, traffic on. `runs` is the start of its
    containers, `ready` when it became Ready, `born` its creation. `open`: its upgrade or start is
    not finished. `stands` is its state as text, `trouble` why its containers do not run; `writes`
    counts the plugin's writes. `spans` are in order.
    """

    pod: str
    cell: str
    group: int
    stands: str
    off: float = 0.0
    patched: float = 0.0
    again: float = 0.0
    runs: float = 0.0
    on: float = 0.0
    ready: float = 0.0
    born: float = 0.0
    open: bool = False
    trouble: str = ""
    writes: int = 0
    spans: tuple[Span, ...] = ()

    @property
    def start(self) -> float:
        """When the release first wrote to the pod, or created it."""
        return self.spans[0].start if self.spans else self.on

    @property
    def out(self) -> float | None:
        """Seconds out of traffic, or from creation to Ready; None if the end is not known."""
        unknown = not self.spans or (self.born and not self.ready and not self.open)
        return None if unknown else self.spans[-1].end - self.spans[0].start


@dataclass(frozen=True)
class Group:
    """One group, and the passages of its pods; `number` 0 has the pods that have no group.

    `begun` and `over` are its start and end by the journal; 0: not known, or not yet. `let_go` is
    its confirmation as text, `counts` the planned number of pods by cell, if it is known.
    `given_up`: the release ended or was rolled back before the group did.
    """

    number: int
    title: str
    begun: float = 0.0
    over: float = 0.0
    let_go: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    passages: tuple[Passage, ...] = ()
    given_up: bool = False

    def cells(self) -> list[str]:
        """The cells of the group, those of the plan first."""
        return list(dict.fromkeys([*self.counts, *(p.cell for p in self.passages)]))


@dataclass(frozen=True)
class Mark:
    """A mark on the time axis: a move of a user, or a failure (`bad`)."""

    at: float
    text: str
    bad: bool = False


@dataclass(frozen=True)
class Phase:
    """The median and the longest duration of one phase in seconds, of `pods` pods."""

    name: str
    pods: int
    median: float
    longest: float


@dataclass(frozen=True)
class Report:
    """One release at the moment `at`; `ended` is 0 while it is under way.

    `source` and `target` are revisions as text. `facts` has the figures as text by label;
    `unknown` lists data that are missing, and why. `states` are the spans of the release's states.
    `difference` is a unified diff of the two templates, `template` the target's as YAML. `version`
    is that of kubectl-cafe.
    """

    name: str
    namespace: str
    id: str
    kind: str
    outcome: str
    at: float
    started: float
    ended: float
    who: str
    host: str = ""
    why: str = ""
    source: str = ""
    target: str = ""
    failure: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    states: tuple[Span, ...] = ()
    groups: tuple[Group, ...] = ()
    marks: tuple[Mark, ...] = ()
    journal: tuple[Entry, ...] = ()
    unknown: tuple[str, ...] = ()
    difference: str = ""
    template: str = ""
    version: str = ""

    @property
    def until(self) -> float:
        """The end of the time axis: the release's end, or `at` while it is under way."""
        return self.ended or self.at

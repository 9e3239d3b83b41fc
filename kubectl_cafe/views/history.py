"""`history`: what was released, by whom, from where, how long it took and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubectl_cafe.text import printable
from kubectl_cafe.views import document as documents
from kubectl_cafe.views.table import age, fields, table
from statemachine.record import Entry


@dataclass(frozen=True)
class ReleaseLine:
    """One release to a revision; `ended` is empty while it is under way, `took` is in seconds.

    `source` is the revision it started from, in words, `host` the machine it was started on.
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
    """One revision: its template, that as YAML, and a unified diff from `before`, the last one."""

    line: RevisionLine
    template: Mapping[str, object]
    text: str
    before: int | None
    difference: str


def render(history: History, *, wide: bool = False) -> str:
    """One row a revision: its last release, and how many pods run it now.

    `wide` says also what kind of release that was, from where, on which machine, and the
    names of revision and release.
    """
    heads = ("revision", "images", "pods", "who", "started", "took", "outcome", "reason")
    more = ("kind", "from", "host", "name", "release") if wide else ()
    return table(
        (*heads, *more), [_row(line)[: len(heads) + len(more)] for line in history.revisions]
    )


def _row(line: RevisionLine) -> tuple[object, ...]:
    head = (line.number, ",".join(line.images.values()), line.pods or "")
    if not line.releases:
        return (*head, "", "", "", line.problem, "", "", "", "", line.name, "")
    last = line.releases[-1]
    told = (last.who, last.started, age(last.took), last.outcome, last.why)
    return (*head, *told, last.kind, last.source, last.host, line.name, last.id)


def detail(history: History, shown: Detail) -> str:
    """One revision in full: releases, template, difference, and the journal of the last one."""
    line = shown.line
    parts = [
        fields(
            [
                ("Name", f"{history.name} (namespace {history.namespace})"),
                ("Revision", f"{line.number} ({line.name})"),
                ("Images", ", ".join(f"{name}={image}" for name, image in line.images.items())),
                ("Pods", f"{line.pods} run it now" if line.pods else "none runs it now"),
                ("Problem", line.problem),
            ]
        )
    ]
    if line.releases:
        parts.append(_section("Releases", _releases(line)))
    parts.append(_section("Template", shown.text))
    if shown.before is not None:
        parts.append(_section(f"Difference from revision {shown.before}", shown.difference))
    if line.releases:
        last = line.releases[-1]
        parts.append(_section(f"Journal of release {last.id}", _journal(last)))
    return "\n\n".join(parts)


def document(history: History, shown: Detail | None = None) -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md); with `shown` that revision alone."""
    if shown is None:
        return documents.document("ReleaseHistory", history)
    found = {
        **documents.fields_of(shown.line),
        "template": shown.template,
        "before": shown.before,
        "difference": shown.difference,
    }
    alone = {"name": history.name, "namespace": history.namespace, "revisions": [found]}
    return documents.document("ReleaseHistory", alone)


def names(history: History, shown: Detail | None = None) -> str:
    """`-o name`: the ControllerRevisions, as kubectl names them."""
    lines = [shown.line] if shown else history.revisions
    return "\n".join(f"controllerrevision.apps/{line.name}" for line in lines)


def _section(title: str, text: str) -> str:
    body = "\n".join(f"  {row}".rstrip() for row in printable(text).rstrip("\n").split("\n"))
    return f"{title}:\n{body}"


def _releases(line: RevisionLine) -> str:
    heads = ("release", "kind", "from", "started", "took", "outcome", "who", "host", "reason")
    rows = [
        (r.id, r.kind, r.source, r.started, age(r.took), r.outcome, r.who, r.host, r.why)
        for r in line.releases
    ]
    left_out = f"\n({line.releases_cut} older ones are not kept)" if line.releases_cut else ""
    return table(heads, rows) + left_out


def _journal(release: ReleaseLine) -> str:
    heads = ("time", "move", "state", "group", "who", "host", "reason")
    rows = [
        (e.at, e.trigger, e.state, e.group or "", e.who, e.host, e.why) for e in release.journal
    ]
    cut = f"\n({release.journal_cut} entries are not kept)" if release.journal_cut else ""
    return (table(heads, rows) if rows else "") + cut

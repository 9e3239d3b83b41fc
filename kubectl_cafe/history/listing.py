"""The history as data, made of ControllerRevisions, the record and pods. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kubectl_cafe import yamls
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.image_revisions import shown_revision
from kubectl_cafe.history.model import Detail, History, ReleaseLine, RevisionLine
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import Chronicle, PastRelease
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import seconds
from statemachine.lifecycle import RESTING, Trigger
from statemachine.versioned import DecodeError


@dataclass(frozen=True)
class Told:
    """A release as an entry of the revision `of`; `to` is the revision that it ended at."""

    of: str
    to: str
    release: PastRelease


def history_of(
    cafe: CafeDeployment, revisions: Iterable[Revision], pods: Iterable[Pod], now: float
) -> History:
    """Every revision with its releases, oldest first; `now` is the server's time in seconds."""
    known = sorted(revisions, key=lambda r: r.number)
    by_name = {revision.name: revision for revision in known}
    living = [pod for pod in pods if not (pod.over or pod.terminating)]
    running = Counter(r.name for r in (shown_revision(pod, by_name) for pod in living) if r)
    numbers = {revision.name: str(revision.number) for revision in known}
    kept = chronicles(known)
    told = tales(cafe, kept)
    lines = (
        RevisionLine(
            number=revision.number,
            name=revision.name,
            images=revision.images,
            pods=running[revision.name],
            releases=tuple(_line(one, numbers, now) for one in told if one.of == revision.name),
            releases_cut=kept[revision.name][0].releases_cut,
            problem=kept[revision.name][1],
        )
        for revision in known
    )
    return History(cafe.name, cafe.namespace, tuple(lines))


def detail_of(history: History, revisions: Iterable[Revision], revision: Revision) -> Detail:
    """`revision` in full, compared with the revision numbered before it."""
    older = [r for r in revisions if r.number < revision.number]
    before = max(older, key=lambda r: r.number, default=None)
    return Detail(
        line=next(line for line in history.revisions if line.name == revision.name),
        template=revision.template,
        text=as_yaml(revision),
        before=before.number if before else None,
        difference=difference(before, revision) if before else "",
    )


def chronicles(revisions: Iterable[Revision]) -> dict[str, tuple[Chronicle, str]]:
    """By a revision's name its chronicle, or an empty one and why the stored one can't be read."""
    return {revision.name: _read(revision) for revision in revisions}


def tales(cafe: CafeDeployment, kept: Mapping[str, tuple[Chronicle, str]]) -> list[Told]:
    """Every release in the chronicles `kept` and in the record, in the order of their starts."""
    return sorted(_told(cafe, kept), key=lambda one: seconds(one.release.started))


def _read(revision: Revision) -> tuple[Chronicle, str]:
    try:
        return past_releases.decode(revision.releases), ""
    except DecodeError as error:
        return Chronicle(), f"its releases cannot be read: {error}"


def _told(cafe: CafeDeployment, kept: Mapping[str, tuple[Chronicle, str]]) -> Iterator[Told]:
    """Every release: an entry at the revision that it went to, and one at a revision it gave up.

    The release in the record is included, even if it is not over or its end is not copied yet.
    """
    found = {
        (name, release.id): release
        for name, (known, _) in kept.items()
        for release in known.releases
    }
    record = cafe.record
    if record is not None:
        ended = record.since if record.state in RESTING else ""
        found[record.to_revision, record.id] = past_releases.past(record, str(record.state), ended)
    for (name, _), release in found.items():
        yield Told(name, name, release)
        if release.left:
            yield Told(release.left, name, release)


def _line(told: Told, numbers: Mapping[str, str], now: float) -> ReleaseLine:
    release, given_up = told.release, told.of != told.to
    first = release.journal[0] if release.journal else None
    turns = [entry for entry in release.journal if entry.trigger is Trigger.ROLLBACK]
    line = ReleaseLine(
        id=release.id,
        kind=str(release.kind),
        outcome=release.outcome,
        source=numbers.get(release.from_revision, release.from_revision),
        started=release.started,
        ended=release.ended,
        took=0.0,
        who=release.who,
        host=first.host if first else "",
        why=release.why,
        journal=release.journal,
        journal_cut=release.journal_cut,
    )
    if release.left and turns:
        turn = turns[-1]
        if given_up:
            line = replace(line, ended=turn.at)
        else:
            line = replace(line, started=turn.at, who=turn.who, host=turn.host, why=turn.why)
    if given_up:
        goal = numbers.get(told.to, told.to)
        line = replace(line, outcome=f"rolled back to revision {goal}", source="", kind="upgrade")
    over = seconds(line.ended) if line.ended else now
    return replace(line, took=max(0.0, over - seconds(line.started)))


def as_yaml(revision: Revision) -> str:
    """The template of `revision` as YAML."""
    return yamls.dump(dict(revision.template), sort_keys=True)


def difference(before: Revision, after: Revision) -> str:
    """A unified diff of the two templates as YAML."""
    names = (f"revision {before.number}", f"revision {after.number}")
    texts = (as_yaml(before).splitlines(), as_yaml(after).splitlines())
    return "\n".join(difflib.unified_diff(*texts, *names, lineterm=""))

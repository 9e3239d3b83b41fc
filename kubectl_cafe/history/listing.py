"""The history of a CafeDeployment as data, from ControllerRevisions, record and pods. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubectl_cafe import yamls
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.image_revisions import shown_revision
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.history.model import Detail, History, ReleaseLine, RevisionLine
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.record import release_record
from kubectl_cafe.record.release_record import StoredRelease
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import PastRelease, RevisionSummary
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.text import first_names
from kubectl_cafe.times import seconds
from statemachine.lifecycle import Trigger


class UnknownRelease(CafeError):
    """There is no release with that id: it never existed, or its record was deleted."""


def history_of(
    cafe: CafeDeployment,
    revisions: Iterable[Revision],
    stored: Iterable[StoredRelease],
    pods: Iterable[Pod],
    now: float,
) -> History:
    """Every revision and every release, oldest first; `now` is the server's time in seconds.

    `stored` are the ended releases.
    """
    known = sorted(revisions, key=lambda r: r.number)
    kept = tuple(stored)
    by_name = {revision.name: revision for revision in known}
    living = [pod for pod in pods if not (pod.over or pod.terminating)]
    running = Counter(r.name for r in (shown_revision(pod, by_name) for pod in living) if r)
    found = all_releases(cafe, known, release_record.releases(kept))
    lines = [(one, line_of(one, by_name, now)) for one in found]

    def line(revision: Revision) -> RevisionLine:
        old, problem = past_releases.chronicle(revision)
        return RevisionLine(
            number=revision.number,
            name=revision.name,
            images=revision.images,
            pods=running[revision.name],
            releases=tuple(
                shown for one, shown in lines if revision.name in (one.to_revision, one.left)
            ),
            releases_cut=old.releases_cut,
            problem=problem,
        )

    return History(
        name=cafe.name,
        namespace=cafe.namespace,
        revisions=tuple(map(line, known)),
        releases=tuple(shown for _, shown in lines),
        problems=problems(known, kept),
    )


def since(history: History, at: float) -> History:
    """`history` with only the releases that started, ended, or were under way after `at`."""
    recent = tuple(one for one in history.releases if reaches(one, at))
    return replace(history, releases=recent)


def reaches(line: ReleaseLine, at: float) -> bool:
    """Whether the release started or ended after `at` (epoch seconds), or has not ended."""
    return not line.ended or max(seconds(line.started), seconds(line.ended)) >= at


def with_id(cafe: CafeDeployment, history: History, release: str) -> ReleaseLine:
    """The release with the id `release`. Raises UnknownRelease, which names the last releases."""
    for line in history.releases:
        if line.id == release:
            return line
    known = first_names([line.id for line in reversed(history.releases)], 5) or "none"
    raise UnknownRelease(
        f'there is no release "{release}"; known: {known}',
        where=cafe.where,
        hint=cafe_command("history", cafe.name, cafe.namespace, "-o wide"),
    )


def all_releases(
    cafe: CafeDeployment, revisions: Iterable[Revision], ended: Iterable[PastRelease]
) -> tuple[PastRelease, ...]:
    """Every known release, oldest first, including the one in the record.

    `ended` are the stored releases. The release in the record may have ended and not be stored yet.
    """
    known, found = tuple(revisions), list(ended)
    record = cafe.record
    if record is not None:
        now = past_releases.present(record, past_releases.named(record, known))
        found = [*(one for one in found if one.id != record.id), now]
    return tuple(one for one in past_releases.ordered(found, known) if one.started)


def problems(revisions: Iterable[Revision], stored: Iterable[StoredRelease]) -> tuple[str, ...]:
    """One message for each stored release or revision whose releases cannot be read."""
    of_revisions = (
        f"revision {revision.number}: {problem}"
        for revision in revisions
        if (problem := past_releases.chronicle(revision)[1])
    )
    return (*of_revisions, *(one.problem for one in stored if one.problem))


def line_of(release: PastRelease, revisions: Mapping[str, Revision], now: float) -> ReleaseLine:
    """The release as a line of the history; `now` is the server's time in seconds."""
    first = release.journal[0] if release.journal else None
    turns = [entry for entry in release.journal if entry.trigger is Trigger.ROLLBACK]
    source, target = release.from_revision, release.to_revision
    if release.left:
        source, target = target, release.left
    known: Mapping[str, RevisionSummary | Revision] = {**release.revisions, **revisions}
    began, goal = known.get(source), known.get(target)
    over = seconds(release.ended) if release.ended else now
    return ReleaseLine(
        id=release.id,
        kind=str(release.began_as),
        outcome=release.outcome,
        source=str(began.number) if began else source,
        target=str(goal.number) if goal else target,
        started=release.started,
        ended=release.ended,
        took=max(0.0, over - seconds(release.started)),
        who=first.who if first and release.left else release.who,
        host=first.host if first else "",
        why=first.why if first and release.left else release.why,
        images=goal.images if goal else {},
        confirmed=tuple(
            f"group {entry.group}: {entry.who}"
            for entry in release.journal
            if entry.trigger is Trigger.CONFIRM
        ),
        back=": ".join(filter(None, (turns[-1].who, turns[-1].why)))
        if release.left and turns
        else "",
        journal=release.journal,
        journal_cut=release.journal_cut,
    )


def detail_of(history: History, revisions: Iterable[Revision], revision: Revision) -> Detail:
    """`revision` in full, with the difference from the revision with the next lower number."""
    older = [r for r in revisions if r.number < revision.number]
    before = max(older, key=lambda r: r.number, default=None)
    return Detail(
        line=next(line for line in history.revisions if line.name == revision.name),
        template=revision.template,
        text=as_yaml(revision),
        before=before.number if before else None,
        difference=difference(before, revision) if before else "",
    )


def as_yaml(revision: Revision) -> str:
    """The template of `revision` as YAML."""
    return yamls.dump(dict(revision.template), sort_keys=True)


def difference(before: Revision, after: Revision) -> str:
    """A unified diff of the two templates as YAML."""
    names = (f"revision {before.number}", f"revision {after.number}")
    texts = (as_yaml(before).splitlines(), as_yaml(after).splitlines())
    return "\n".join(difflib.unified_diff(*texts, *names, lineterm=""))

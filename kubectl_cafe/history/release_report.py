"""The report of one release, from its journal, the pods and the revisions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.history import figures, listing
from kubectl_cafe.history.pod_timeline import Frame, passage
from kubectl_cafe.history.report_model import Group, Passage, Report
from kubectl_cafe.history.timeline import Chapter, chapters, marks, states
from kubectl_cafe.planning.rollback_target import numbered
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.record import release_record
from kubectl_cafe.record.release_record import StoredRelease
from kubectl_cafe.revisions.past_releases import PastRelease
from kubectl_cafe.revisions.revision import Revision, revision_text
from kubectl_cafe.text import counted, first_names
from kubectl_cafe.times import seconds
from kubectl_cafe.version import VERSION
from statemachine.lifecycle import Trigger
from statemachine.record import Record
from statemachine.steps import Kind, StepKind


class Untold(CafeError):
    """There is no release to report, or its record was deleted."""


def account(
    cafe: CafeDeployment,
    revisions: Iterable[Revision],
    stored: Iterable[StoredRelease],
    pods: Iterable[Pod],
    at: float,
    number: int = 0,
    release: str = "",
) -> Report:
    """The report of the last release, or of the one that `number` or `release` selects.

    `number`: the last release of that revision. `release`: the release with that id. `stored` are
    the ended releases, `at` is the server's time in seconds. Raises Untold, and UnknownRevision.
    """
    known = {revision.name: revision for revision in revisions}
    past = _chosen(cafe, known, tuple(stored), number, release)
    record = past.record
    present = cafe.record is not None and cafe.record.id == past.id
    start, until = seconds(past.started), seconds(past.ended) or at
    creates = past.kind in (Kind.CREATE, Kind.SCALE)
    frame = Frame(past.id, start, until, not past.ended, creates)
    found = tuple(_passages(pods, frame, chapters(past.journal, past.kind)))
    groups = _groups(past, found)
    spans = tuple(states(past.journal, frame.until))
    source, target = known.get(past.from_revision), known.get(past.to_revision)
    first = past.journal[0] if past.journal else None
    return Report(
        name=cafe.name,
        namespace=cafe.namespace,
        id=past.id,
        kind=f"{past.began_as}, rolled back" if past.left else str(past.kind),
        outcome=past.outcome,
        at=at,
        started=frame.start,
        ended=seconds(past.ended),
        who=past.who,
        host=first.host if first else "",
        why=past.why,
        source=revision_text(source) or past.from_revision,
        target=revision_text(target) or past.to_revision,
        failure=_failure(past),
        facts=figures.facts(record, groups, spans, frame, figures.restarted(source, target)),
        phases=tuple(figures.phases(p.passage for p in found)),
        states=spans,
        groups=groups,
        marks=tuple(marks(past.journal)),
        journal=past.journal,
        unknown=tuple(_unknown(past, present, groups, source, target)),
        difference=listing.difference(source, target) if source and target else "",
        template=listing.as_yaml(target) if target else "",
        version=VERSION,
    )


def _failure(past: PastRelease) -> str:
    """The text of the release's last failure, even if it was retried or rolled back; "": none."""
    failed = [entry.why for entry in past.journal if entry.trigger is Trigger.FAIL]
    return failed[-1] if failed else ""


def _chosen(
    cafe: CafeDeployment,
    known: Mapping[str, Revision],
    stored: Sequence[StoredRelease],
    number: int,
    release: str,
) -> PastRelease:
    """The release to report. A release that was rolled back counts for both of its revisions."""
    found = listing.all_releases(cafe, known.values(), release_record.releases(stored))
    every, of = found, "of it"
    if release:
        of = f'with the id "{release}"'
        found = tuple(one for one in every if one.id == release)
    elif number:
        of, name = f"of revision {number}", numbered(cafe, known.values(), number).name
        found = tuple(one for one in every if name in (one.to_revision, one.left))
    elif cafe.record is not None:
        found = tuple(one for one in every if one.id == cafe.record.id)
    if found:
        return found[-1]
    if not known:
        hint = cafe_command("upgrade", cafe.name, cafe.namespace)
        raise Untold(f"{cafe.where} has no release yet", hint=hint)
    said = [f"no record of a release {of} is left", *listing.problems(known.values(), stored)]
    if release and every:
        said.append(f"known: {first_names([one.id for one in reversed(every)], 5)}")
    raise Untold(
        "; ".join(said),
        where=cafe.where,
        hint=cafe_command("history", cafe.name, cafe.namespace),
    )


# Groups


@dataclass(frozen=True)
class _Placed:
    """A pod's passage and its group's chapter; the chapter is None if the pod has no group."""

    chapter: Chapter | None
    passage: Passage


def _passages(
    pods: Iterable[Pod], frame: Frame, of_release: Sequence[Chapter]
) -> Iterator[_Placed]:
    """The passage of every pod that has data of the release, in order of time."""
    placed = []
    for pod in pods:
        first = passage(pod, frame)
        if first is None:
            continue
        chapter = _chapter(of_release, first.group, first.start)
        known = passage(pod, frame, chapter.over) if chapter else first
        placed.append(_Placed(chapter, known or first))
    yield from sorted(placed, key=lambda p: _order(p.passage))


def _order(passage: Passage) -> tuple[float, str, float, str]:
    """The sort key by time, which gives the same order for equal input."""
    return passage.start, passage.cell, passage.out or 0.0, passage.pod


def _chapter(of_release: Sequence[Chapter], number: int, start: float) -> Chapter | None:
    """The last chapter of group `number` that had begun at `start`, else its last chapter.

    An upgrade and its rollback both have a group of that number. None: no group has.
    """
    same = [chapter for chapter in of_release if chapter.number == number]
    begun = [chapter for chapter in same if chapter.begun <= start]
    return next(reversed(begun or same), None)


def _groups(past: PastRelease, found: Sequence[_Placed]) -> tuple[Group, ...]:
    """The groups in the journal, the planned ones that have not begun, and the other pods."""
    of_release, record = chapters(past.journal, past.kind), past.record
    plan = record.plan.sizes(record.kind) if record else {}
    leg = of_release[-1].leg if of_release else 0
    groups = [
        Group(
            number=one.number,
            title=f"{'Rollback, group' if one.rollback else 'Group'} {one.number}",
            begun=one.begun,
            over=one.over,
            let_go=one.let_go,
            given_up=not one.over and (bool(past.ended) or one.leg < leg),
            counts=plan.get(one.number, {}) if one.leg == leg else {},
            passages=tuple(p.passage for p in found if p.chapter == one),
        )
        for one in of_release
    ]
    if past.kind in (Kind.CREATE, Kind.SCALE):
        groups, found = _by_birth(groups, found) if record else (groups, found)
    if record and not past.ended:
        last = max((one.number for one in of_release if one.leg == leg), default=0)
        groups += [
            Group(number, f"Group {number}", counts=counts)
            for number, counts in plan.items()
            if number > last
        ]
    left = tuple(p.passage for p in found if p.chapter is None)
    return (*groups, *([Group(0, "Outside of the groups", passages=left)] if left else ()))


def _by_birth(
    groups: list[Group], found: Sequence[_Placed]
) -> tuple[list[Group], Sequence[_Placed]]:
    """The groups of a release that creates pods, with their pods, and the remaining passages.

    Created pods have no record that names a group. In order of time, each group gets as many of
    them as were planned.
    """
    waiting = {
        cell: iter([placed for placed in found if placed.passage.cell == cell])
        for cell in {placed.passage.cell for placed in found}
    }
    made: list[Group] = []
    for group in groups:
        own = (islice(waiting.get(cell, ()), count) for cell, count in group.counts.items())
        born = (replace(p.passage, group=group.number) for p in chain.from_iterable(own))
        made.append(replace(group, passages=tuple(sorted(born, key=_order))))
    return made, [*chain.from_iterable(waiting.values())]


# Missing data


def _left_of(past: PastRelease, count: int) -> str:
    """The note on the remaining data of a release that is not the last one.

    `count` is the number of pods with data of it.
    """
    if not count:
        return (
            "No pod has data of this release any more: later releases have overwritten the pods' "
            "records. Only the journal remains."
        )
    if past.kind in (Kind.CREATE, Kind.SCALE):
        return (
            f"Data of {counted(count, 'pod')} that still exist. The time of Ready is known for "
            "pods without a later restart."
        )
    return (
        f"Data of {counted(count, 'pod')} without a later release; later releases have overwritten "
        "the records of the others."
    )


def _expected(record: Record) -> int:
    """How many pods can have data of the release: those that it upgraded or created."""
    sizes = record.plan.sizes(record.kind)
    removes = {step.group for step in record.steps if step.kind is StepKind.SCALE_IN}
    return sum(sum(size.values()) for group, size in sizes.items() if group not in removes)


def _unknown(
    past: PastRelease,
    present: bool,
    groups: Sequence[Group],
    source: Revision | None,
    target: Revision | None,
) -> Iterator[str]:
    """Notes on data that the report lacks, and why.

    `present`: the CafeDeployment still has the record of this release.
    """
    passages, record = [p for group in groups for p in group.passages], past.record
    total = _expected(record) if record else 0
    if not present:
        yield _left_of(past, len(passages))
    if record is None:
        yield "Planned pods of each group: only the plan of the last release is kept."
    elif present and past.ended and len(passages) < total:
        yield (
            f"No data of {total - len(passages)} of {counted(total, 'pod')}: they were at the "
            "target before, or have been replaced since."
        )
    if any(group.given_up for group in groups) and past.left:
        yield (
            "Timelines of pods before they were rolled back: the rollback has overwritten their "
            "records."
        )
    if past.journal_cut:
        entries = counted(past.journal_cut, "journal entry", "journal entries")
        yield f"{entries} not kept: times may be missing."
    blind = sum(not (p.off or p.patched or p.born) for p in passages)
    if blind and figures.restarted(source, target):
        pods = counted(blind, "pod")
        yield f"Times of drain and patch of {pods}: an older version wrote their records."
    if past.from_revision and source is None:
        yield f"The previous template: revision {past.from_revision} was deleted (historyLimit)."
    if target is None:
        yield "The template of the release: its revision was deleted."

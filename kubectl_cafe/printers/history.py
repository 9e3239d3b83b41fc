"""`history`: the releases, with revisions, user, duration and outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from kubectl_cafe.durations import age
from kubectl_cafe.history.model import Detail, History, Placed, ReleaseLine, RevisionLine
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.output import Printable
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.text import CUT, columns, counted, printable

HEADS = ("started", "took", "kind", "from", "to", "images", "pods", "who", "outcome", "reason")
RANKS = (0, 5, 6, 4, 0, 0, 3, 1, 0, 2)
"""The rank of each column: a narrow terminal drops the highest first, 0 never."""
LEAST = {HEADS.index("images"): 12, HEADS.index("who"): 10, HEADS.index("reason"): 12}
"""By column, the width to which its cells are cut before a column is dropped."""
WIDER = ("ended", "confirmed by", "host", "release")


def render(history: History, *, wide: bool = False, width: int | None = None) -> str:
    """A table with one row a release, in the order of time.

    `to` is the revision's number, as `rollback --to-revision` takes it; `pods` is how many pods run
    its images now, on the row of the last release to it. `wide` adds the end, the confirmations,
    the machine and the release's id. If the table is wider than `width`, only images that differ
    between releases are shown, without registry and path, times are cut to the minute, long texts
    are cut, and columns are left out.
    """
    now = _running(history)

    def rows(*style: Any) -> list[tuple[object, ...]]:
        return [_row(line, now.get(line.id, 0), *style) for line in history.releases]

    if wide:
        return _noted(table((*HEADS, *WIDER), rows(_whole)), history)
    text = table(HEADS, [row[: len(HEADS)] for row in rows(_whole)])
    if width is not None and any(columns(line) > width for line in text.splitlines()):
        shown = _changing(line.images for line in history.releases)
        fitted = [row[: len(HEADS)] for row in rows(_short, _minute, shown)]
        text = table(HEADS, fitted, width=width, ranks=RANKS, least=LEAST)
    return _noted(text, history)


def render_placed(lines: Sequence[Placed], *, spaces: bool, width: int | None = None) -> str:
    """A table of the releases of several CafeDeployments, in the order of time.

    With `spaces` the namespace comes first.
    """
    without = HEADS.index("pods")
    heads: list[str] = ["name", *HEADS[:without], *HEADS[without + 1 :], "release"]
    ranks, least = [0, 0, 5, 6, 4, 0, 1, 0, 0, 2, 3], {6: 12, 7: 10, 9: 12}
    rows: list[list[object]] = []
    for one in lines:
        row = _row(one.line, 0, _short)[: len(HEADS)]
        place = [one.namespace, one.name] if spaces else [one.name]
        rows.append([*place, *row[:without], *row[without + 1 :], one.line.id])
    if spaces:
        heads, ranks = ["namespace", *heads], [0, *ranks]
        least = {place + 1: least[place] for place in least}
    return table(heads, rows, width=width, ranks=ranks, least=least)


def _noted(text: str, history: History) -> str:
    """`text`, and below it the releases that can't be read."""
    return "\n".join([text, *(f"warning: {problem}" for problem in history.problems)])


def _running(history: History) -> dict[str, int]:
    """The number of pods by release id: a revision's count at the last release to or back to it."""
    last: dict[str, str] = {}
    for line in history.releases:
        last[line.target] = line.id
        if line.back:
            last[line.source] = line.id
    found: dict[str, int] = {}
    for revision in history.revisions:
        if (release := last.get(str(revision.number))) is not None:
            found[release] = found.get(release, 0) + revision.pods
    return found


def _whole(text: str) -> str:
    return text


def _short(image: str) -> str:
    """`productpage:v1` for `registry.example/team/productpage:v1`; of a digest its beginning."""
    name, at, digest = image.rpartition("/")[2].partition("@")
    return f"{name}{at}{digest[:19]}"


def _tag(image: str) -> str:
    """`v1` for `registry.example/team/productpage:v1`; of a digest its beginning."""
    name, _, digest = image.rpartition("/")[2].partition("@")
    return name.partition(":")[2] or digest[:19] or name


def _changing(images: Iterable[Mapping[str, str]]) -> Collection[str]:
    """The containers whose image differs between releases; the first container if none does."""
    known = [found for found in images if found]
    names = list(dict.fromkeys(name for found in known for name in found))
    return [n for n in names if len({found.get(n) for found in known}) > 1] or names[:1]


def _minute(at: str) -> str:
    """`01-02 03:04Z` for `2026-01-02T03:04:05Z`."""
    return f"{at[5:10]} {at[11:16]}Z"


def _row(
    line: ReleaseLine,
    pods: int,
    told_as: Callable[[str], str],
    at: Callable[[str], str] = _whole,
    containers: Collection[str] | None = None,
) -> tuple[object, ...]:
    """The row of one release, with the images of `containers` only (None: all)."""
    shown = [n for n in line.images if containers is None or n in containers]
    more = [CUT] if len(shown) < len(line.images) else []
    if containers is not None and len(containers) > 1:
        told_as = _tag
    images = ",".join([*(told_as(line.images[name]) for name in shown), *more])
    back = f"rolled back by {line.back}" if line.back else ""
    reason = "; ".join(filter(None, (line.why, back)))
    place = (at(line.started), age(line.took), line.kind, line.source, line.target, images)
    ended = (pods or "", line.who, line.outcome, reason)
    rest = (line.ended and at(line.ended), ", ".join(line.confirmed), line.host, line.id)
    return (*place, *ended, *rest)


def detail(history: History, shown: Detail, width: int | None = None) -> str:
    """One revision in full: releases, template, difference, and the journal of the last one.

    The tables are as wide as `width` allows; template and difference stay whole.
    """
    room = None if width is None else width - len(INDENT)
    line = shown.line
    parts = [
        fields(
            [
                ("Name", f"{history.name} (namespace {history.namespace})"),
                ("Revision", f"{line.number} ({line.name})"),
                ("Images", ", ".join(f"{name}={image}" for name, image in line.images.items())),
                ("Pods", f"{counted(line.pods, 'pod')} at this revision"),
                ("Problem", line.problem),
            ],
            width=width,
        )
    ]
    if line.releases:
        parts.append(_section("Releases", _releases(line, room)))
    parts.append(_section("Template", shown.text))
    if shown.before is not None:
        parts.append(_section(f"Difference from revision {shown.before}", shown.difference))
    if line.releases:
        last = line.releases[-1]
        parts.append(_section(f"Journal of release {last.id}", _journal(last, room)))
    return "\n\n".join(parts)


def release_detail(history: History, shown: ReleaseLine, width: int | None = None) -> str:
    """One release in full: revisions, user, time, outcome, and its journal."""
    room = None if width is None else width - len(INDENT)
    head = fields(
        [
            ("Name", f"{history.name} (namespace {history.namespace})"),
            ("Release", shown.id),
            ("Kind", shown.kind),
            ("From", f"revision {shown.source}" if shown.source else ""),
            ("To", f"revision {shown.target}"),
            ("Images", ", ".join(f"{name}={image}" for name, image in shown.images.items())),
            ("Started", shown.started),
            ("Ended", shown.ended),
            ("Took", age(shown.took)),
            ("Who", shown.who + (f" on {shown.host}" if shown.host else "")),
            ("Reason", shown.why),
            ("Confirmed", ", ".join(shown.confirmed)),
            ("Rolled back", f"by {shown.back}" if shown.back else ""),
            ("Outcome", shown.outcome),
        ],
        width=width,
    )
    return f"{head}\n\n{_section('Journal', _journal(shown, room))}"


def placed_document(lines: Sequence[Placed]) -> Mapping[str, object]:
    """The shape of `history -A -o json`: the releases, each with its CafeDeployment."""
    items = [
        {"namespace": one.namespace, "name": one.name, **documents.fields_of(one.line)}
        for one in lines
    ]
    return documents.document("ReleaseList", {"releases": items})


def result(
    history: History,
    revision: Detail | None = None,
    release: ReleaseLine | None = None,
    width: int | None = None,
) -> Printable:
    """The output of `history NAME`: the releases, or one revision or release in full."""

    def shown(wide: bool) -> str:
        if release is not None:
            return release_detail(history, release, width)
        if revision is not None:
            return detail(history, revision, width)
        return render(history, wide=wide, width=width) if history.releases else ""

    return Printable(
        documents=lambda: [document(history, revision, release)],
        table=shown,
        names=lambda: names(history, revision),
    )


def placed_result(lines: Sequence[Placed], *, spaces: bool, width: int | None = None) -> Printable:
    """The output of `history` without a name: the releases of several CafeDeployments."""

    def shown(wide: bool) -> str:
        room = None if wide else width
        return render_placed(lines, spaces=spaces, width=room) if lines else ""

    return Printable(
        documents=lambda: [placed_document(lines)],
        table=shown,
        names=lambda: [f"controllerrevision.apps/{one.name}-{one.line.id}" for one in lines],
    )


def document(
    history: History, revision: Detail | None = None, release: ReleaseLine | None = None
) -> Mapping[str, object]:
    """The shape of `-o json` and `-o yaml` (docs/output.md); with one of them that one alone."""
    if revision is None and release is None:
        return documents.document("ReleaseHistory", history)
    alone: dict[str, object] = {"name": history.name, "namespace": history.namespace}
    if revision is not None:
        found = {
            **documents.fields_of(revision.line),
            "template": revision.template,
            "before": revision.before,
            "difference": revision.difference,
        }
        alone["revisions"] = [found]
    if release is not None:
        alone["releases"] = [documents.fields_of(release)]
    return documents.document("ReleaseHistory", alone)


def names(history: History, shown: Detail | None = None) -> list[str]:
    """`-o name`: the ControllerRevisions, as kubectl names them."""
    lines = [shown.line] if shown else history.revisions
    return [f"controllerrevision.apps/{line.name}" for line in lines]


INDENT = "  "


def _section(title: str, text: str) -> str:
    body = "\n".join(f"{INDENT}{row}".rstrip() for row in printable(text).rstrip("\n").split("\n"))
    return f"{title}:\n{body}"


def _releases(line: RevisionLine, width: int | None) -> str:
    heads = ("release", "kind", "from", "to", "started", "took", "outcome", "who", "host", "reason")
    least = {7: 10, 8: 10, 9: 12}
    rows = [
        (r.id, r.kind, r.source, r.target, r.started, age(r.took), r.outcome, r.who, r.host, r.why)
        for r in line.releases
    ]
    cut_off = counted(line.releases_cut, "older release")
    left_out = f"\n({cut_off} not kept)" if line.releases_cut else ""
    text = table(heads, rows, width=width, ranks=(0, 6, 5, 4, 0, 7, 0, 2, 3, 1), least=least)
    return text + left_out


def _journal(release: ReleaseLine, width: int | None) -> str:
    heads = ("time", "move", "state", "group", "who", "host", "reason")
    rows = [
        (e.at, e.trigger, e.state, e.group or "", e.who, e.host, e.why) for e in release.journal
    ]
    cut_off = counted(release.journal_cut, "entry", "entries")
    left_out = f"\n({cut_off} not kept)" if release.journal_cut else ""
    least = {4: 10, 5: 10, 6: 12}
    ranks = (0, 0, 3, 4, 0, 2, 1)
    text = table(heads, rows, width=width, ranks=ranks, least=least) if rows else ""
    return text + left_out

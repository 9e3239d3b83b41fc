"""`history`: what was released, by whom, from where, how long it took and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from kubectl_cafe.history.model import Detail, History, ReleaseLine, RevisionLine
from kubectl_cafe.printers import document as documents
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.text import CUT, columns, counted, printable
from kubectl_cafe.times import age

HEADS = ("revision", "images", "pods", "who", "started", "took", "outcome", "reason")
RANKS = (0, 0, 4, 2, 3, 5, 0, 1)
"""The order in which a narrow terminal drops the columns: the highest first, 0 never."""
LEAST = {HEADS.index("images"): 12, HEADS.index("who"): 10, HEADS.index("reason"): 12}
"""The columns whose cells are cut, down to this width, before another column is dropped."""
WIDER = ("kind", "from", "host", "name", "release")


def render(history: History, *, wide: bool = False, width: int | None = None) -> str:
    """A table with one row a revision: its last release, and how many pods run it now.

    `wide` adds the release's kind, its source revision, its machine, and the names of revision and
    release. If the table is wider than `width`, only images that differ between revisions are
    shown, without registry and path, times are cut to the minute, long texts are cut, and columns
    are left out.
    """
    if wide:
        return table((*HEADS, *WIDER), [_row(line, _whole) for line in history.revisions])
    text = table(HEADS, [_row(line, _whole)[: len(HEADS)] for line in history.revisions])
    if width is None or all(columns(line) <= width for line in text.splitlines()):
        return text
    told = _changing(history.revisions)
    rows = [_row(line, _short, _minute, told)[: len(HEADS)] for line in history.revisions]
    return table(HEADS, rows, width=width, ranks=RANKS, least=LEAST)


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


def _changing(revisions: Sequence[RevisionLine]) -> Collection[str]:
    """The containers whose image differs between revisions; the first container if none does."""
    images = [line.images for line in revisions]
    names = list(dict.fromkeys(name for found in images for name in found))
    return [n for n in names if len({found.get(n) for found in images}) > 1] or names[:1]


def _minute(at: str) -> str:
    """`01-02 03:04Z` for `2026-01-02T03:04:05Z`."""
    return f"{at[5:10]} {at[11:16]}Z"


def _row(
    line: RevisionLine,
    told_as: Callable[[str], str],
    at: Callable[[str], str] = _whole,
    containers: Collection[str] | None = None,
) -> tuple[object, ...]:
    """The row of one revision, with the images of `containers` only (None: all)."""
    told = [n for n in line.images if containers is None or n in containers]
    more = [CUT] if len(told) < len(line.images) else []
    if containers is not None and len(containers) > 1:
        told_as = _tag
    images = ",".join([*(told_as(line.images[name]) for name in told), *more])
    head = (line.number, images, line.pods or "")
    if not line.releases:
        return (*head, "", "", "", line.problem, "", "", "", "", line.name, "")
    last = line.releases[-1]
    ended = (last.who, at(last.started), age(last.took), last.outcome, last.why)
    return (*head, *ended, last.kind, last.source, last.host, line.name, last.id)


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


INDENT = "  "


def _section(title: str, text: str) -> str:
    body = "\n".join(f"{INDENT}{row}".rstrip() for row in printable(text).rstrip("\n").split("\n"))
    return f"{title}:\n{body}"


def _releases(line: RevisionLine, width: int | None) -> str:
    heads = ("release", "kind", "from", "started", "took", "outcome", "who", "host", "reason")
    least = {6: 10, 7: 10, 8: 12}
    rows = [
        (r.id, r.kind, r.source, r.started, age(r.took), r.outcome, r.who, r.host, r.why)
        for r in line.releases
    ]
    cut_off = counted(line.releases_cut, "older release")
    left_out = f"\n({cut_off} not kept)" if line.releases_cut else ""
    text = table(heads, rows, width=width, ranks=(0, 5, 4, 0, 6, 0, 2, 3, 1), least=least)
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

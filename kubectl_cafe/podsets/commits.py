"""What a workload notes of the commits of its template (protocol 2, A2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import Json, Workload
from kubectl_cafe.revisions import template as templates

REMEMBERED = 5
"""So many replaced images are remembered for each container."""


SENT = "sent "
"""Begins the note of a template whose answer has not been noted yet."""


def committed(note: str) -> str:
    """The stamp that the last commit's template has, by the note on a workload; empty: not known.

    It is not known between a commit and the note of its answer: a template with defaults is not
    an edited one.
    """
    return "" if note.startswith(SENT) else note.strip()


def replaced(notes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Containers with the images that the annotation names; none without one, or a damaged one."""
    try:
        found = json.loads(notes.get(names.REPLACED, ""))
    except (ValueError, TypeError, RecursionError):
        return ()
    kept = found.items() if isinstance(found, dict) else ()
    return tuple((name, str(one)) for name, some in kept if isinstance(some, list) for one in some)


def replacing(workload: Workload, whole: Json) -> dict[str, str]:
    """The annotation once `whole` replaces a template that another client has edited.

    Pods that were born from it stay, under a label that names the revision.
    """
    if not workload.breeds_strangers:
        return {}
    shown, goal = templates.images(workload.template), templates.images(whole)
    new = [(name, image) for name, image in shown.items() if image != goal.get(name)]
    images: dict[str, list[str]] = {}
    for name, image in (*(one for one in workload.replaced if one not in new), *new):
        images.setdefault(name, []).append(image)
    latest = {name: found[-REMEMBERED:] for name, found in images.items()}
    return {names.REPLACED: json.dumps(latest)}


def note(body: Json, answer: Json) -> dict[str, Any] | None:
    """The patch that notes on a workload, `body` now, what the server made of our template.

    Defaults and admission change it: only the `answer` to that very write tells what came of it.
    A template that came out as sent is noted too: until then an edit of it can't be told. None:
    another commit has been noted since.
    """
    made = templates.stamp(answer["spec"]["template"])
    if _noted(body) != _noted(answer):
        return None
    meta = body["metadata"]
    judged = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    return {"metadata": {**judged, "annotations": {names.COMMITTED: made}}}


def _noted(body: Json) -> str:
    return str((body["metadata"].get("annotations") or {}).get(names.COMMITTED, ""))

"""The annotations of a workload that record the commits of its template (protocol 2, A2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import Json, Workload
from kubectl_cafe.revisions import template as templates

REMEMBERED = 5
"""The most replaced images that are recorded for each container."""


SENT = "sent "
"""The prefix of the annotation's value until the server's answer to the commit is noted in it."""


def committed(note: str) -> str:
    """The stamp of the last commit's template, by the annotation's value `note`; empty: not known.

    Before the server's answer is noted the stamp is not known: the server's defaults would look
    like another client's edit.
    """
    return "" if note.startswith(SENT) else note.strip()


def replaced(notes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The (container, image) pairs of the annotation replaced-images among `notes`.

    Empty if it is missing or cannot be read.
    """
    try:
        found = json.loads(notes.get(names.REPLACED, ""))
    except (ValueError, TypeError, RecursionError):
        return ()
    kept = found.items() if isinstance(found, dict) else ()
    return tuple((name, str(one)) for name, some in kept if isinstance(some, list) for one in some)


def replacing(workload: Workload, whole: Json) -> dict[str, str]:
    """The annotation for a commit of `whole` over a template that another client has edited.

    Pods created from the edited template stay and have the label of its revision. The annotation
    records their images. Empty if the images were not edited.
    """
    if not workload.template_edited:
        return {}
    shown, goal = templates.images(workload.template), templates.images(whole)
    new = [(name, image) for name, image in shown.items() if image != goal.get(name)]
    images: dict[str, list[str]] = {}
    for name, image in (*(one for one in workload.replaced if one not in new), *new):
        images.setdefault(name, []).append(image)
    latest = {name: found[-REMEMBERED:] for name, found in images.items()}
    return {names.REPLACED: json.dumps(latest)}


def note(body: Json, answer: Json) -> dict[str, Any] | None:
    """The patch that notes the stamp of the committed template as the server stored it.

    `body` is the workload now, `answer` the server's answer to the commit. Defaults and admission
    change a template: only that answer shows the result. A template that was stored as sent is
    noted, too: without the note a later edit can't be detected. None: the annotation has changed
    since, by another commit.
    """
    made = templates.stamp(answer["spec"]["template"])
    if _noted(body) != _noted(answer):
        return None
    meta = body["metadata"]
    judged = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    return {"metadata": {**judged, "annotations": {names.COMMITTED: made}}}


def _noted(body: Json) -> str:
    return str((body["metadata"].get("annotations") or {}).get(names.COMMITTED, ""))

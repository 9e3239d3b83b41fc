"""What a release wrote, without what differs from run to run: times, ids, names and versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testbed.faults import Request

PLACEHOLDERS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "TIME"),
    (r'(?<="revision": )\d{10}\b', '"TIME"'),  # Of the object that keeps an ended release.
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\b[0-9a-f]{32,64}\b", "DIGEST"),
    (r"\bt-[0-9a-f]{8}\b", "NAMESPACE"),
    (
        r"\bweb((?:-cell[a-z])?(?:-\d{1,9}|-[0-9a-f]{8,10})?)-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
        "POD",
    ),
    (r"\b\d+(\.\d+)?s\b", "SECONDS"),
    (r"\b\d+m\d*s?\b", "SECONDS"),
    (r"\bpid \d+\b", "pid N"),
    (r"pid \d+ \[[0-9a-f]{6}\]", "PROCESS"),
    (r'(\\*"host\\*": ?\\*")[^"\\]+', r"\1HOST"),
    (r'(resourceVersion\\*": ?\\*")\d+', r"\1VERSION"),
)
"""Patterns, and what stands for whatever matches."""
NOT_COMPARED = ("leases", "selfsubject")
"""Resources whose writes depend on how long things take."""


def compared(requests: Iterable[Request]) -> list[str]:
    """What two runs of the same release have in common, in lines, however their threads take turns.

    First the kinds of objects in the order in which they were written, each once in a row, pods
    among workloads alone (whether a pod is written before or after its release's record may be
    chance); then the writes of each object. Pods may change places: theirs come in alphabetical
    order. Of `.status` only the last write counts. A write that is repeated (as after a 409: a
    controller wrote in between) counts once.
    """
    kept = [one for one in requests if one.write and _counts(one)]
    ids = _ids(kept)
    order: list[str] = []
    among_pods: list[str] = []
    objects: dict[str, list[str]] = {}
    pods: dict[str, list[str]] = {}
    for one in kept:
        path = _plain(one.path, ids)
        kind, what = _kind(path), f"{one.method} {_kind(path)}"
        line = f"  {what} {json.dumps(_body(one, ids), sort_keys=True)}"
        if kind.startswith("pods"):
            _add(among_pods, "  pods")
            _add(pods.setdefault(one.path.removesuffix("/status"), []), line)
        elif kind == "cafedeployments/status":
            objects[kind] = [line]
        else:
            _add(objects.setdefault(path, []), line)
            if kind != "events":
                _add(order, f"  {what}")
            if kind == "replicasets":
                _add(among_pods, f"  {what}")
    lines = ["order", *order, "order of workloads and pods", *among_pods]
    for name in sorted(objects):
        lines += [name, *objects[name]]
    return lines + [line for writes in sorted(pods.values()) for line in ("a pod", *writes)]


def _add(lines: list[str], line: str) -> None:
    """Append `line`, unless it is the last one already."""
    if lines[-1:] != [line]:
        lines.append(line)


def _counts(request: Request) -> bool:
    return "dryRun" not in request.query and not any(one in request.path for one in NOT_COMPARED)


def _kind(path: str) -> str:
    """The resource, and the subresource if it has one."""
    parts = path.split("/namespaces/NAMESPACE/")[-1].split("/")
    return "/".join(parts[:1] + parts[2:])


def _body(request: Request, ids: Mapping[str, str]) -> Any:
    """The body; what an annotation has as JSON is opened."""
    if not request.body:
        return None
    return _opened(json.loads(_plain(request.body.decode(), ids)))


def _opened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _opened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_opened(inner) for inner in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _opened(json.loads(value))
        except ValueError:
            return value
    return value


def _plain(text: str, ids: Mapping[str, str]) -> str:
    for known, placeholder in ids.items():
        text = text.replace(known, placeholder)
    for pattern, placeholder in PLACEHOLDERS:
        text = re.sub(pattern, placeholder, text)
    return text


def _ids(requests: Sequence[Request]) -> dict[str, str]:
    """The releases' ids, by the order in which they came."""
    found: dict[str, str] = {}
    for one in requests:
        for known in re.findall(r"\br-[0-9a-f]{8}\b", one.body.decode(errors="replace")):
            found.setdefault(known, f"RELEASE{len(found) + 1}")
    return found

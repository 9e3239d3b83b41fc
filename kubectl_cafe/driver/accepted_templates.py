"""Annotates a workload with a hash of the template that a commit stored (protocol 2, A2)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client.errors import ApiError, Conflict, UnknownOutcome
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.commits import note

TRIES = 5
"""Attempts to write the annotation while the workload's controller updates the same object."""


def accept(
    transport: Transport,
    cache: Cache,
    write: WorkloadWrite,
    path: str,
    answer: Mapping[str, Any],
) -> WorkloadWrite | None:
    """Annotate the workload with a hash of the stored template, to detect later edits of it.

    `answer` is the server's answer to `write`. After a 409 (the controller updates the status) the
    workload is read again, and annotated if its template is still of this commit. If the annotation
    cannot be written, only images are compared later, as after a commit by an older version.
    Returns the annotation's write if its answer was lost, because it may still take effect (I7),
    else None.
    """
    if "template" not in write.body["spec"]:
        return None
    body = answer
    with suppress(ApiError):
        for _ in range(TRIES):
            if (patch := note(body, answer)) is None:
                break
            try:
                after = transport.patch(path, patch, PatchKind.MERGE)
            except Conflict:
                body = transport.get(path)
            except UnknownOutcome:
                return WorkloadWrite(write.name, False, patch, "note")
            else:
                cache.workloads.event("MODIFIED", after)
                break
    return None

"""Keeps what the server made of a template with the workload that has it (protocol 2, A2)."""

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
"""Readings of a workload that its controller writes to meanwhile."""


def accept(
    transport: Transport,
    cache: Cache,
    write: WorkloadWrite,
    path: str,
    answer: Mapping[str, Any],
) -> WorkloadWrite | None:
    """Note the template of the `answer` to our own write: a later edit shows by that.

    Its controller writes the status meanwhile: then it is read again, and noted if it is of this
    commit still. Where this fails only its images can be told, as after a commit of an older
    version. The note that has no answer, if it has none: it may land yet (I7).
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

"""What the API server answers to the release's writes while something refuses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    AdmissionFailed,
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    Throttled,
    UnknownOutcome,
)
from tests.explore.scenario import SPACE
from tests.memcluster.address import Address, address
from tests.memcluster.rules import REVIEWS

TO_COME, IN_FORCE = 2, 1
"""What is left of a policy in a state; 0: it is gone, or there never is one."""
RIGHT = "right"
"""The answer to a user who has lost the right: an access review says so, too."""
UNSEEN, UNLISTED = "unseen", "unlisted"
"""Lists and watches of pods are refused, all writes go on: the user has lost the right; or a server
in between refuses them, and an access review says that the user has it."""
ANSWERS: dict[str, Callable[[str, str], ApiError]] = {
    "403": lambda path, method: Forbidden("no", where=path, method=method, server_message="no"),
    "409": lambda path, method: Conflict("no", where=path, method=method, status=409),
    "422": lambda path, method: Invalid("no", where=path, method=method),
    "429": lambda path, method: Throttled("too busy", where=path, method=method),
    "500": lambda path, method: AdmissionFailed(
        "failed calling webhook", where=path, method=method
    ),
    "503": lambda path, method: UnknownOutcome("no answer", where=path, method=method),
    RIGHT: lambda path, method: Forbidden("no right", where=path, method=method),
}
"""A policy's, a webhook's own code, a schema's, a server's that is too busy, a webhook's that is
down, a gateway's before a server that is down, an authorizer's."""
KINDS = {
    "images": ("pods",),
    "pods": ("pods",),
    "sets": ("replicasets",),
    "record": ("cafedeployments",),
    "all": ("pods", "replicasets", "cafedeployments", "controllerrevisions"),
}
"""The kinds that it is about; of `images` the image patches alone."""


class Unwatched:
    """Stands in for the informers of pods, and for the transport that lists them, once refused."""

    failed = Forbidden("no", where=paths.pods(SPACE), method="GET", server_message="no")

    def list(self, *_: object) -> None:
        """Raises the refusal."""
        raise self.failed


def refusing(answer: str, about: str) -> Callable[[str, Any], ApiError | None] | None:
    """What refuses writes of KINDS[about] with this answer; None: nothing does."""
    if not answer:
        return None

    def refuses(path: str, body: Any) -> ApiError | None:
        where = address(path)
        if where.plural == REVIEWS or answer in (UNSEEN, UNLISTED):
            hit = where.plural == REVIEWS and answer in (RIGHT, UNSEEN)
        elif about == "images":
            hit = _patches_images(where, body)
        else:
            hit = where.plural in KINDS[about]
        # A POST goes to a collection.
        return (
            ANSWERS.get(answer, ANSWERS[RIGHT])(path, "PATCH" if where.name else "POST")
            if hit
            else None
        )

    return refuses


def _patches_images(where: Address, body: Any) -> bool:
    return where.plural == "pods" and where.sub != "status" and "spec" in body

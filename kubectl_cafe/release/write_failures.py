"""Writes that fail with temporary errors: the driver repeats them and reports them as waits."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.text import first_names
from statemachine.record import cut

IMAGE = "image"
"""The name of a pod's image patch (`PodPatch.what`)."""
NAMED = 3
"""The number of objects that one line names."""
SHOWN = 300
"""Characters of an error, enough for the name of a webhook and its failure."""


@dataclass(frozen=True)
class Trouble:
    """A failing write of the object `what`, with its last error; `since` is monotonic.

    `image`: the write is the image patch of a pod. It can be dropped; the pod is reopened then.
    """

    what: str
    since: float
    error: ApiError
    image: bool = False


def named(troubles: Iterable[Trouble]) -> tuple[str, ...]:
    """One line for each error, with the objects whose writes fail with it."""
    objects: dict[str, list[str]] = {}
    for trouble in troubles:
        objects.setdefault(cut(trouble.error.message, SHOWN), []).append(trouble.what)
    return tuple(f"{listed(found)}: {said}" for said, found in sorted(objects.items()))


def listed(objects: Iterable[str], limit: int = NAMED) -> str:
    """The first `limit` names, and the number of the others."""
    return first_names(sorted(set(objects)), limit)


class Troubles:
    """The failing writes of one kind, by key; used by several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, Trouble] = {}

    def note(
        self, key: str, what: str, error: ApiError, now: float, *, image: bool = False
    ) -> None:
        """Note that the write of `key` has failed and is repeated."""
        known = self._kept.get(key)
        since = known.since if known and known.image is image else now
        self._kept[key] = Trouble(what, since, error, image)

    def over(self, key: str) -> None:
        """Forget the write of `key`: it has succeeded, or is not needed any more."""
        self._kept.pop(key, None)

    def keep(self, wanted: Container[str]) -> None:
        """Forget every write whose key is not in `wanted`."""
        for key in [key for key in self._kept.copy() if key not in wanted]:
            self.over(key)

    def all(self) -> dict[str, Trouble]:
        """All failing writes, by key."""
        return self._kept.copy()

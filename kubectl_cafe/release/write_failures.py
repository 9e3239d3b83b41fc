"""Writes that fail in a way that may pass: named in what is awaited, given up in the end."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from kubectl_cafe.client.errors import ApiError
from statemachine.record import cut

IMAGE = "image"
"""What the image patch of a pod is called."""
NAMED = 3
"""How many objects one line names."""
SHOWN = 300
"""Characters of an error: enough for the name of a webhook and why it did not answer."""


@dataclass(frozen=True)
class Trouble:
    """A write of the object `what`: since when it has failed (monotonic), and the last error.

    `image`: it is the image patch of a pod, which can be left out; the pod is reopened then.
    """

    what: str
    since: float
    error: ApiError
    image: bool = False


def named(troubles: Iterable[Trouble]) -> tuple[str, ...]:
    """One line for each error, with the objects that meet it."""
    objects: dict[str, list[str]] = {}
    for trouble in troubles:
        objects.setdefault(cut(trouble.error.message, SHOWN), []).append(trouble.what)
    return tuple(f"{listed(found)}: {said}" for said, found in sorted(objects.items()))


def listed(objects: Iterable[str], limit: int = NAMED) -> str:
    """The first names, and how many more there are."""
    found = sorted(set(objects))
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more


class Troubles:
    """The writes of one kind that fail and are repeated, by key; shared by threads."""

    def __init__(self) -> None:
        self._kept: dict[str, Trouble] = {}

    def note(
        self, key: str, what: str, error: ApiError, now: float, *, image: bool = False
    ) -> None:
        """The write of `key` has failed, and is repeated."""
        known = self._kept.get(key)
        since = known.since if known and known.image is image else now
        self._kept[key] = Trouble(what, since, error, image)

    def over(self, key: str) -> None:
        """The write of `key` came through, or is not wanted any more."""
        self._kept.pop(key, None)

    def keep(self, wanted: Container[str]) -> None:
        """Forget the writes that are not wanted any more."""
        for key in [key for key in self._kept.copy() if key not in wanted]:
            self.over(key)

    def all(self) -> dict[str, Trouble]:
        """Every one there is, by key."""
        return self._kept.copy()

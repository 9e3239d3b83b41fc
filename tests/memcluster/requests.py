"""Writes that are made, that are lost, and that are still on their way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from kubectl_cafe.client.transport import Object, PatchKind
from tests.memcluster.address import address


class Killed(BaseException):
    """The process of whoever was writing is killed: no `except Exception` of it runs."""


class Fault(Enum):
    """What becomes of a write."""

    KILLED = auto()
    """The sender dies, and the request is still on its way: it is in `delayed`."""
    LOST_ANSWER = auto()
    """Committed, and the answer is lost."""
    DELAYED = auto()
    """The answer is lost and the request is still on its way: it is in `delayed`."""
    NOT_SENT = auto()


@dataclass(frozen=True)
class Written:
    """One committed write of a transport's user; `old` is None for a create."""

    method: str
    path: str
    body: Any
    old: Object | None
    new: Object | None


@dataclass(frozen=True)
class Request:
    """A write that is still on its way; `epoch` is its sender's, where whoever keeps it knows.

    `create`: it is a POST to the collection at `path`, else a PATCH of the object there.
    """

    path: str
    body: Any
    kind: PatchKind
    epoch: int = 0
    create: bool = False

    @property
    def object(self) -> str:
        """The path of the object that it writes."""
        where = address(self.path)
        return (
            f"{where.collection}/{self.body['metadata']['name']}" if self.create else where.object
        )

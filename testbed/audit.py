"""Read the API server's audit log: the honest count of who asked for what."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from testbed.client import Client, Refused
from testbed.controlplane import ControlPlane
from testbed.waiting import wait_for

LONGEST_LINE = 1 << 20
"""Bytes; the policy logs metadata alone, so a line has a few hundred."""

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class Request:
    """One request as the server saw it; a watch counts when it starts."""

    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    user_agent: str
    user: str
    code: int
    time: datetime
    uri: str
    acting: str = ""
    """Whom `user` impersonates, as JSON: user name, groups, uid, extras."""

    @property
    def write(self) -> bool:
        """Whether it asked for a change; a dry run asks for none."""
        return self.verb in WRITES and "dryRun=" not in self.uri


class Audit:
    """The audit log of one control plane, from byte `offset` on."""

    def __init__(self, plane: ControlPlane, offset: int = 0) -> None:
        self._plane = plane
        self._offset = offset

    @classmethod
    def of(cls, plane: ControlPlane) -> Audit:
        """All of it."""
        return cls(plane)

    @classmethod
    def from_the_end(cls, plane: ControlPlane) -> Audit:
        """What the log gets after the last line that stands in it whole."""
        return cls(plane, end_of_last_line(plane.audit_log))

    def from_now_on(self) -> Audit:
        """Only what comes after everything that was answered before this call."""
        Audit.from_the_end(self._plane)._flush()
        return Audit.from_the_end(self._plane)

    def requests(
        self,
        agent: str = "",
        namespace: str | None = None,
        where: Callable[[Request], bool] = lambda _: True,
    ) -> list[Request]:
        """Requests in the order they were written, once all that were answered are in the log.

        `agent` is a part of the user agent; `namespace` None means all.
        """
        self._flush()
        return [
            request
            for request in self._read()
            if agent in request.user_agent
            and namespace in (None, request.namespace)
            and where(request)
        ]

    def writes(
        self, agent: str = "", namespace: str | None = None, resource: str = ""
    ) -> list[Request]:
        """Requests that asked for a change of `resource` (plural name; any when empty)."""
        return self.requests(
            agent, namespace, lambda r: r.write and (not resource or r.resource == resource)
        )

    def _read(self) -> Iterator[Request]:
        with self._plane.audit_log.open("rb") as file:
            file.seek(self._offset)
            yield from requests_of(file)

    def _flush(self) -> None:
        """Ask for something that is nowhere else, and wait until the log has it."""
        marker = f"flush-{secrets.token_hex(6)}"
        try:
            Client.of(self._plane, "default").get("configmaps", marker)
        except Refused as error:
            if error.code != 404:
                raise
        wait_for(lambda: any(r.name == marker for r in self._read()), "the audit log", 10)


def end_of_last_line(file: Path) -> int:
    """The offset behind the last line feed in `file`.

    The size of a log is no such offset: it may have grown by a part of a line that the
    server is still writing.
    """
    with file.open("rb") as log:
        start = max(0, log.seek(0, os.SEEK_END) - LONGEST_LINE)
        log.seek(start)
        return start + log.read().rfind(b"\n") + 1


def requests_of(lines: Iterable[bytes]) -> Iterator[Request]:
    """The requests in lines of an audit log; a last line that is half written is left out."""
    for line in lines:
        if not line.endswith(b"\n"):
            return
        event: dict[str, Any] = json.loads(line)
        counted = "ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"
        if event["stage"] not in (counted, "Panic"):
            continue
        what = event.get("objectRef", {})
        yield Request(
            verb=event["verb"],
            resource=what.get("resource", ""),
            subresource=what.get("subresource", ""),
            namespace=what.get("namespace", ""),
            name=what.get("name", ""),
            user_agent=event.get("userAgent", ""),
            user=event["user"].get("username", ""),
            code=event.get("responseStatus", {}).get("code", 0),
            time=datetime.fromisoformat(event["stageTimestamp"]),
            uri=event["requestURI"],
            acting=json.dumps(event.get("impersonatedUser") or "", sort_keys=True).strip('"'),
        )

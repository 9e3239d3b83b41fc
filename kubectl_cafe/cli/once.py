"""`status` of one release, printed once. Few imports, to start fast."""

from __future__ import annotations

import sys

from msgspec.structs import replace

from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.terminal import printing
from kubectl_cafe.cli.terminal._tty import terminal
from kubectl_cafe.hints import all_at
from kubectl_cafe.printers.status import result
from kubectl_cafe.status import build
from kubectl_cafe.status.model import Status


def read(connection: Connection, name: str) -> Status:
    """The status of one release, by one list of each resource; nothing is watched or written."""
    seen = direct_reads.once(connection.transport, connection.namespace, name)
    return typed(build.status_of(seen.cafe, seen.snapshot, seen.waits, seen.lease, seen.lost))


def typed(status: Status) -> Status:
    """The same status, with the cluster flags of this command in its next commands."""
    return replace(status, next=all_at(status.next, cluster_flags()))


def show(status: Status, output: str | None) -> None:
    """Print the status in the format `output`; None is the whole view, fitted to a terminal."""
    printing.show(result(status, terminal(sys.stdout)), output)

"""The connection to the cluster that the flags select."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.terminal.printing import say_as_it_is
from kubectl_cafe.names import FIELD_MANAGER
from kubectl_cafe.text import printable
from kubectl_cafe.version import VERSION

if TYPE_CHECKING:
    from kubectl_cafe.client.transport import Transport

TRACE_LEVEL = 6
DECISIONS_LEVEL = 4


class Connection(NamedTuple):
    """The API server, namespace and context of one command; `context` is empty inside a cluster."""

    transport: Transport
    namespace: str
    context: str

    def who(self) -> str:
        """The user name that the API server reports for us, never a local name."""
        from kubectl_cafe.client.access.identity import whoami

        return whoami(self.transport)


def connect(
    flags: AccessFlags, *, dry_run: DryRun = "none", field_manager: str = FIELD_MANAGER
) -> Connection:
    """Read the kubeconfig and make a connection; nothing is sent yet.

    With `dry_run` server no write is stored. Raises AccessError for a kubeconfig, context or
    credentials that can't be used.
    """
    from kubectl_cafe.client.access.config import load
    from kubectl_cafe.client.transport import Transport

    if flags.verbosity >= DECISIONS_LEVEL:
        _log_decisions()
    access = load(flags)
    transport = Transport(
        access,
        version=VERSION,
        trace=_trace if flags.verbosity >= TRACE_LEVEL else None,
        verbosity=flags.verbosity,
    )
    transport.dry_run = "All" if dry_run == "server" else None
    transport.field_manager = field_manager
    return Connection(transport, access.namespace, access.context)


def _log_decisions() -> None:
    """Print the log of decisions on stderr, above a live view where there is one."""
    import logging

    class Printed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say_as_it_is(printable(record.getMessage()))

    log = logging.getLogger("kubectl_cafe")
    log.setLevel(logging.INFO)
    log.propagate = False
    if not log.handlers:
        log.addHandler(Printed())


def _trace(line: str) -> None:
    say_as_it_is(printable(line))

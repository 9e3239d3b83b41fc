"""The base class of all errors shown to users, and the exit codes."""

from __future__ import annotations

REACHED = 0
ERROR = 1
USAGE = 2
WAITS = 3
FAILED = 4
TIMED_OUT = 5
CONFLICT = 6
REFUSED = 7
INTERRUPTED = 130
PIPE = 141
"""128 + SIGPIPE, the exit code of kubectl if the reader of its output has closed the pipe."""


class CafeError(Exception):
    """An error that the operator can act on.

    `message` says what failed and why, `where` names the object or field, `hint` is the next
    command to type, `exit_code` is one of those above.
    """

    exit_code = ERROR

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        exit_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class Refused(CafeError):
    """The request was refused, and nothing was written for it."""

    exit_code = REFUSED

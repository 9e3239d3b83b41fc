"""The exit of a command: its error message and exit code, and the end of the process."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TextIO

import click

from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.errors import ERROR, INTERRUPTED, PIPE, CafeError
from kubectl_cafe.hints import at
from kubectl_cafe.text import broken, one_line, printable
from kubectl_cafe.version import VERSION

TRACEBACK_LEVEL = 6


class GlobalFlags:
    """Values of flags for error messages and next commands, also after click's context has ended.

    `verbosity` is the level of -v, `cluster` are the flags that select the cluster, as typed.
    """

    def __init__(self, verbosity: int = 0, cluster: str = "") -> None:
        self.verbosity = verbosity
        self.cluster = cluster


def cluster_flags() -> str:
    """The flags of this command line that select its cluster; next commands need them, too."""
    ctx = click.get_current_context(silent=True)
    talk = ctx.find_object(GlobalFlags) if ctx is not None else None
    return talk.cluster if talk is not None else ""


def end_at_once(codes: list[int]) -> None:
    """End the process with the exit code in `codes`; if it is empty, in Python's usual way.

    An atexit handler, registered before all others so that it runs last, when all threads but
    daemons have ended. It skips Python's teardown of the modules, which takes as long as all
    requests of a short command. If stdout can't be flushed, it returns and Python reports the
    error, unless the reader has closed the pipe: then the exit code stays.
    """
    with suppress(OSError, ValueError):
        if sys.stderr is not None:  # None if the stream was closed when Python started.
            sys.stderr.flush()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        if not left(error):
            return
    if codes:
        os._exit(codes[0])


def left(error: BaseException) -> bool:
    """Whether the output is closed: a pipe by its reader, or the terminal."""
    return isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.EIO)


class ReaderLeft(CafeError):
    """The reader has closed the pipe, as `| head` does: the command ends without a message."""

    exit_code = PIPE


def fatal(error: BaseException, stderr: TextIO | None, talk: GlobalFlags) -> int:
    """Print on `stderr` what failed, where, and the next command; returns the exit code.

    A traceback is printed only with -v=6 or more.
    """
    text, code = _described(error, talk.cluster)
    if stderr is None or isinstance(error, ReaderLeft):
        return code
    with suppress(OSError):
        if talk.verbosity >= TRACEBACK_LEVEL and not isinstance(error, click.ClickException):
            import traceback

            stderr.write("".join(traceback.format_exception(error)))
        stderr.write(broken(printable(text), width_of(stderr)) + "\n")
        stderr.flush()
    return code


def described(error: CafeError, cluster: str = "") -> str:
    """The error as text: what failed and why, where, and the next command.

    `cluster` are the flags that select the cluster for the next command.
    """
    lines = [f"error: {one_line(error.message)}"]
    if error.where:
        lines.append(f"  where: {one_line(error.where)}")
    if error.hint:
        lines.append(f"  next:  {at(error.hint, cluster)}")
    return "\n".join(lines)


def _described(error: BaseException, cluster: str) -> tuple[str, int]:
    match error:
        case CafeError():
            return described(error, cluster), error.exit_code
        case click.ClickException():
            return _usage(error), error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return "interrupted", INTERRUPTED
        case OSError(strerror=str(why), filename=file):
            # A missing file or a full disk is a problem of this machine, not a bug.
            return described(CafeError(why, where=str(file or ""))), ERROR
        case _:
            return _bug(error), ERROR


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    # An argument's name in capitals, such as NAME, keeps its first letter.
    first = message[:1] if message[1:2].isupper() else message[:1].lower()
    text = f"error: {first}{message[1:].rstrip('.')}"
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}\n  next:  {ctx.command_path} --help" if ctx else text


def _bug(error: BaseException) -> str:
    why = f"{type(error).__name__}: {error}".rstrip(": ")
    return (
        f"error: this is a bug in kubectl-cafe {VERSION}: {why}\n"
        "  next:  repeat the command with -v=6 and report what it prints"
    )

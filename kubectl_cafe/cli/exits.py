"""The one way out for everything that ends a command early."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import click

from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.errors import ERROR, INTERRUPTED, PIPE, CafeError
from kubectl_cafe.hints import at
from kubectl_cafe.text import broken, one_line, printable
from kubectl_cafe.version import VERSION

TRACEBACK_LEVEL = 6


@dataclass(slots=True)
class Talk:
    """What was learned while the flags were read, and must outlive the click context.

    `verbosity` is -v's level, `cluster` are the flags that name the cluster, as they are typed.
    """

    verbosity: int = 0
    cluster: str = ""


def cluster_flags() -> str:
    """The flags of this command line that name its cluster: the next command needs them, too."""
    ctx = click.get_current_context(silent=True)
    talk = ctx.find_object(Talk) if ctx is not None else None
    return talk.cluster if talk is not None else ""


def end_at_once(codes: list[int]) -> None:
    """End the process with the exit code that `codes` holds by then; without one, as ever.

    For atexit, and registered before all that a command puts off, so that it comes last: threads
    have ended, but for those that nobody waits for. What is saved is Python taking itself apart
    module by module, which costs a short command as much as all its requests. Data that can't be
    written is left to Python to tell, unless its reader has left: the exit code stays then.
    """
    with suppress(OSError, ValueError):
        if sys.stderr is not None:  # As Python starts where a stream is closed.
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
    """Whether the reader of a pipe has left, or the terminal is closed."""
    return isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.EIO)


class ReaderLeft(CafeError):
    """Nobody reads the data any more, as with `| head`: the command ends without a word."""

    exit_code = PIPE


def fatal(error: BaseException, stderr: TextIO | None, talk: Talk) -> int:
    """Say on `stderr` what went wrong, where, and what to type next; the exit code.

    A person never sees a traceback, unless -v=6 or more asked for it.
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
    """The error as a person reads it: what and why, where, and the next command.

    `cluster` are the flags that name the cluster that the next command is for.
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
            # A file that is not there, a disk that is full: the machine's, not a bug.
            return described(CafeError(why, where=str(file or ""))), ERROR
        case _:
            return _bug(error), ERROR


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    text = f"error: {message[:1].lower()}{message[1:].rstrip('.')}"
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}\n  next:  {ctx.command_path} --help" if ctx else text


def _bug(error: BaseException) -> str:
    why = f"{type(error).__name__}: {error}".rstrip(": ")
    return (
        f"error: this is a bug in kubectl-cafe {VERSION}: {why}\n"
        "  next:  repeat the command with -v=6 and report what it prints"
    )

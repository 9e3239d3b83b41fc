"""The one way out for everything that ends a command early."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import click

from kubectl_cafe.cli._tty import width_of
from kubectl_cafe.errors import ERROR, INTERRUPTED, CafeError
from kubectl_cafe.text import broken, printable
from kubectl_cafe.version import VERSION

TRACEBACK_LEVEL = 6


@dataclass(slots=True)
class Talk:
    """How much is said, learned while the flags are read: it must outlive the click context."""

    verbosity: int = 0


def end_at_once(codes: list[int]) -> None:
    """End the process with the exit code that `codes` holds by then; without one, as ever.

    For atexit, and registered before all that a command puts off, so that it comes last: threads
    have ended, but for those that nobody waits for. What is saved is Python taking itself apart
    module by module, which costs a short command as much as all its requests. Output that can't
    be written is left to Python to tell.
    """
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # As Python starts where a stream is closed.
                stream.flush()
        if codes:
            os._exit(codes[0])


def fatal(error: BaseException, stderr: TextIO, verbosity: int = 0) -> int:
    """Say on `stderr` what went wrong, where, and what to type next; the exit code.

    A person never sees a traceback, unless -v=6 or more asked for it.
    """
    if verbosity >= TRACEBACK_LEVEL and not isinstance(error, click.ClickException):
        import traceback

        stderr.write("".join(traceback.format_exception(error)))
    text, code = _described(error)
    stderr.write(broken(printable(text), width_of(stderr)) + "\n")
    return code


def described(error: CafeError) -> str:
    """The error as a person reads it: what and why, where, and the next command."""
    lines = [f"error: {error.message}"]
    if error.where:
        lines.append(f"  where: {error.where}")
    if error.hint:
        lines.append(f"  next:  {error.hint}")
    return "\n".join(lines)


def _described(error: BaseException) -> tuple[str, int]:
    match error:
        case CafeError():
            return described(error), error.exit_code
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

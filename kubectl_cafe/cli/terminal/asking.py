"""Asking before a write that can hurt."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from kubectl_cafe.errors import Refused
from kubectl_cafe.text import one_line


@dataclass(frozen=True, slots=True)
class Effect:
    """What a write will do to what: all that a person needs to say yes or no.

    `namespace` is empty for what stands outside namespaces, `context` inside a cluster.
    """

    context: str
    namespace: str
    object: str
    effect: str

    def __str__(self) -> str:
        rows = {
            "context": self.context or "(in-cluster)",
            "namespace": self.namespace,
            "object": self.object,
            "effect": self.effect,
        }
        return "\n".join(
            f"{name + ':':<11}{one_line(value)}" for name, value in rows.items() if value
        )


def ask(
    effect: Effect,
    *,
    yes: bool,
    stdin: TextIO | None,
    stderr: TextIO | None,
    command: str = "the same command with --yes",
) -> None:
    """Show `effect` and return if it is wanted: `yes`, or a y typed at a terminal.

    `command` is what to type where nobody can be asked.
    Raises Refused (exit 7) for any other answer, and where nobody can be asked.
    """
    if stderr is not None:
        with suppress(OSError):  # Who has said yes before need not read it.
            stderr.write(f"{effect}\n")
            stderr.flush()
    if yes:
        return
    if stdin is None or stderr is None or not (stdin.isatty() and stderr.isatty()):
        raise Refused(
            "stdin is not a terminal, so no confirmation can be asked for. Nothing was written",
            where=effect.object,
            hint=command,
        )
    stderr.write("Proceed? [y/N] ")
    stderr.flush()
    if stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed. Nothing was written", where=effect.object)

"""Asking before a write that can hurt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from kubectl_cafe.errors import Refused
from kubectl_cafe.text import printable


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
        shown = "\n".join(f"{name + ':':<11}{value}" for name, value in rows.items() if value)
        return printable(shown)


def ask(effect: Effect, *, yes: bool, stdin: TextIO, stderr: TextIO) -> None:
    """Show `effect` and return if it is wanted: `yes`, or a y typed at a terminal.

    Raises Refused (exit 7) for any other answer, and where nobody can be asked.
    """
    stderr.write(f"{effect}\n")
    if yes:
        return
    if not (stdin.isatty() and stderr.isatty()):
        raise Refused(
            "nobody can be asked here: this is no terminal. Nothing was written",
            where=effect.object,
            hint="the same command with --yes",
        )
    stderr.write("Go on? [y/N] ")
    stderr.flush()
    if stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed. Nothing was written", where=effect.object)

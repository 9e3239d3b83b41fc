"""The prompt for confirmation before a command writes: its effect, then `Proceed? [y/N]`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from kubectl_cafe.errors import Refused
from kubectl_cafe.text import one_line


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a write, and on which object: the text above the prompt.

    `namespace` is empty for objects outside namespaces, `context` inside a cluster.
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
    """Print `effect` and return if it is confirmed: by `yes`, or by a y typed at a terminal.

    Raises Refused (exit 7) for any other answer, and if there is no terminal to ask at; `command`
    is then the next command to type.
    """
    if stderr is not None:
        with suppress(OSError):  # With --yes the text need not be read.
            stderr.write(f"{effect}\n")
            stderr.flush()
    if yes:
        return
    if stdin is None or stderr is None or not (stdin.isatty() and stderr.isatty()):
        raise Refused(
            "stdin is not a terminal: cannot ask for confirmation. Nothing was written",
            where=effect.object,
            hint=command,
        )
    stderr.write("Proceed? [y/N] ")
    stderr.flush()
    if stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed. Nothing was written", where=effect.object)

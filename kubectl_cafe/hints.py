"""Hints (next commands) in messages: text with places for the flags that select the cluster.

A printed command must reach the same cluster as the command that prints it. The code that builds
the text does not know the cluster flags of the command line (`--context`, `--kubeconfig`, `--as`,
...). The code that prints the text does, and inserts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce


class Hint(str):
    """Text with command lines; its value as a plain string has no cluster flags.

    `at` inserts the cluster flags between each two `segments`: in every command line once.
    """

    segments: tuple[str, ...]

    def __new__(cls, *segments: str) -> Hint:
        """Create the hint from `segments`; a single segment is text without a place for flags."""
        made = super().__new__(cls, "".join(segments))
        made.segments = segments
        return made

    def __add__(self, other: str) -> Hint:
        """This hint, then `other`."""
        return _joined(self, other)

    def __radd__(self, other: str) -> Hint:
        """`other`, then this hint."""
        return _joined(other, self)

    def at(self, cluster: str) -> str:
        """The text with the flags `cluster` inserted in every command line; "" inserts none."""
        return (f" {cluster}" if cluster else "").join(self.segments)


def kubectl(line: str, namespace: str = "", more: str = "") -> Hint:
    """The hint `kubectl LINE -n NAMESPACE`, then a place for the cluster flags, then `more`."""
    space = f" -n {namespace}" if namespace else ""
    return Hint(f"kubectl {line}{space}", f" {more}" if more else "")


def cafe_command(verb: str, name: str, namespace: str, more: str = "") -> Hint:
    """The hint `kubectl cafe VERB NAME` for the CafeDeployment `name`."""
    return kubectl(f"cafe {verb} {name}", namespace, more)


def argument(value: str) -> str:
    """`value` quoted as one shell argument, for a command that can be pasted."""
    import shlex

    return shlex.quote(value)


def at(hint: str, cluster: str) -> str:
    """`hint` with the flags `cluster` inserted; a plain string is returned unchanged."""
    return hint.at(cluster) if isinstance(hint, Hint) else hint


def all_at(hints: Iterable[str], cluster: str) -> tuple[str, ...]:
    """Each of the `hints` with the flags `cluster` inserted."""
    return tuple(at(hint, cluster) for hint in hints)


def _joined(first: str, second: str) -> Hint:
    left = first.segments if isinstance(first, Hint) else (first,)
    right = second.segments if isinstance(second, Hint) else (second,)
    return Hint(*left[:-1], left[-1] + right[0], *right[1:])


def either(hints: Sequence[Hint]) -> Hint:
    """The hints as alternatives, joined by "or"; "" if there is none."""
    return reduce(lambda first, second: first + ", or " + second, hints) if hints else Hint("")

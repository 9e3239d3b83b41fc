"""What to type next: text that knows where in it the flags of a cluster belong.

A command that is printed must reach the cluster that the command before it has reached. Who
words it does not know by which flags that was (`--context`, `--kubeconfig`, `--as`, ...), and
who prints it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce


class Hint(str):
    """Text with command lines in it; as a string it is what reaches the kubeconfig's own choice.

    The flags of a cluster are put between two `segments`, once for each command line.
    """

    segments: tuple[str, ...]

    def __new__(cls, *segments: str) -> Hint:
        """The hint of `segments`; of one, it is plain words."""
        made = super().__new__(cls, "".join(segments))
        made.segments = segments
        return made

    def __add__(self, other: str) -> Hint:
        """Both, one after the other."""
        return _joined(self, other)

    def __radd__(self, other: str) -> Hint:
        """Both, one after the other."""
        return _joined(other, self)

    def at(self, cluster: str) -> str:
        """The text as it is typed for the cluster that the flags `cluster` name; "" is none."""
        return (f" {cluster}" if cluster else "").join(self.segments)


def kubectl(line: str, namespace: str = "", more: str = "") -> Hint:
    """`kubectl LINE`, then its namespace, then the cluster's flags, then what `more` it has."""
    space = f" -n {namespace}" if namespace else ""
    return Hint(f"kubectl {line}{space}", f" {more}" if more else "")


def cafe_command(verb: str, name: str, namespace: str, more: str = "") -> Hint:
    """The command line of one of our verbs for the CafeDeployment `name`."""
    return kubectl(f"cafe {verb} {name}", namespace, more)


def argument(value: str) -> str:
    """`value` as one argument in a shell: a container's name may be any text."""
    import shlex

    return shlex.quote(value)


def at(hint: str, cluster: str) -> str:
    """`hint` as it is typed for the cluster that the flags name; plain words stay as they are."""
    return hint.at(cluster) if isinstance(hint, Hint) else hint


def all_at(hints: Iterable[str], cluster: str) -> tuple[str, ...]:
    """Each of the `hints` as it is typed for the cluster."""
    return tuple(at(hint, cluster) for hint in hints)


def _joined(first: str, second: str) -> Hint:
    left = first.segments if isinstance(first, Hint) else (first,)
    right = second.segments if isinstance(second, Hint) else (second,)
    return Hint(*left[:-1], left[-1] + right[0], *right[1:])


def either(hints: Sequence[Hint]) -> Hint:
    """The hints as alternatives, "" if there is none."""
    return reduce(lambda first, second: first + ", or " + second, hints) if hints else Hint("")

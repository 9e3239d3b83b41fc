"""The image changes of a release in short form: `payments: 1.0.0 -> 1.1.0`."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.status.model import ImageChange

DIGEST = len("sha256:") + 12
"""The number of characters of a digest that are shown."""


def changes_text(changes: Sequence[ImageChange]) -> str:
    """The changes in one line, each as short as it can be with old and new still distinct."""
    return ", ".join(map(_change, changes))


def _change(change: ImageChange) -> str:
    old, new = _split(change.source), _split(change.target)
    if not change.source or not change.target:
        text = _short(new) if change.target else f"{_short(old)} -> (removed)"
    elif old[0] != new[0]:
        text = f"{change.source} -> {change.target}"
    elif old[1] != new[1]:
        text = f"{old[1] or '(no tag)'} -> {new[1] or '(no tag)'}"
    else:
        text = f"{old[2][:DIGEST] or '(no digest)'} -> {new[2][:DIGEST] or '(no digest)'}"
    return f"{change.container}: {text}"


def _split(image: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image, as it is written."""
    name, _, digest = image.partition("@")
    head, slash, last = name.rpartition("/")
    plain, _, tag = last.partition(":")
    return head + slash + plain, tag, digest


def _short(image: tuple[str, str, str]) -> str:
    """The tag, else the digest's beginning, else the repository."""
    repository, tag, digest = image
    return tag or digest[:DIGEST] or repository

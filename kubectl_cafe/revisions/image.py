"""Image references as users type them: their check, their canonical form, their parts."""

from __future__ import annotations

import re

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)
"""The grammar of distribution/reference, with sha256 the one digest in use."""

DOCKER = "docker.io"
"""The registry of an image that names none."""
MUTABLE = frozenset({"", "latest", "stable", "main", "master", "edge", "nightly"})


def problem(image: str) -> str:
    """Why `image` is no valid image reference; empty if it is one."""
    if not image:
        return "the image is empty"
    if image != image.strip():
        return f"{image!r} has white space around it"
    if _REFERENCE.fullmatch(image) is None:
        return f"{image!r} is not an image reference (must be [registry/]name[:tag][@sha256:...])"
    return ""


def canonical(image: str) -> str:
    """`image` with the registry and the tag that it implies, as a node lists it.

    Source: distribution/reference, ParseNormalizedNamed and TagNameOnly. A tag beside a digest is
    dropped.
    """
    name, at, digest = image.partition("@")
    head, slash, last = name.rpartition("/")
    plain, colon, tag = last.partition(":")
    path = head + slash + plain
    host, slash, rest = path.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = DOCKER, path if slash else f"library/{path}"
    elif host == "index.docker.io":
        host = DOCKER
    return f"{host}/{rest}" + (f"@{digest}" if at else f":{tag if colon else 'latest'}")


def repository(image: str) -> str:
    """Registry and path, without tag and digest: registry.example:5000/shop/app."""
    name = canonical(image).partition("@")[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.partition(':')[0]}"


def mutable(image: str) -> bool:
    """Whether the tag is one that usually moves: the same string may stand for new content."""
    match = _REFERENCE.fullmatch(image)
    return match is not None and not match["digest"] and (match["tag"] or "") in MUTABLE

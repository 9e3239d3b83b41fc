"""Whose every file of the unpacked archive is: distributions, Python, the system's libraries."""

from __future__ import annotations

import functools
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from packaging.requirements import Requirement

NAME = "kubectl-cafe"
OURS = ("kubectl_cafe", "statemachine")
LICENCE_FILE = re.compile(r"(?i)(licen[cs]e|copying|notice|authors)([-.].*)?")
INTERNAL = "_internal"


@dataclass(frozen=True, order=True)
class Component:
    """Something that is in the archive and not ours.

    `licence` is an SPDX expression or the words of its authors, empty where they say it only in
    `texts`, the contents of their licence files. `purl` is its package URL.
    """

    name: str
    version: str
    purl: str
    licence: str
    texts: tuple[str, ...]


def needed() -> dict[str, metadata.Distribution]:
    """The installed distributions that the plugin needs, by normal name; itself is left out."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(_requirements(NAME))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = metadata.distribution(name)
            waiting += _requirements(name)
    return found


def not_required() -> list[str]:
    """Top-level modules of what else is installed here: PyInstaller is to leave them out."""
    wanted = {*needed(), NAME}
    return sorted(
        module
        for module, owners in metadata.packages_distributions().items()
        if module.isidentifier() and not wanted & {_normal(owner) for owner in owners}
    )


def components(folder: Path, binaries: Mapping[str, str]) -> list[Component]:
    """What the files of `folder`, unpacked, belong to; `binaries` says where each came from."""
    owners = _owners()
    internal = folder / INTERNAL
    names = sorted(p.relative_to(internal).as_posix() for p in internal.rglob("*") if p.is_file())
    found = {_python(), of_distribution(metadata.distribution("pyinstaller"))}
    for name in names:
        if name.split("/", 1)[0] in (*OURS, __package__):
            continue
        if owner := owners.get(re.sub(r"\.pyc$", ".py", name)):
            found.add(of_distribution(owner))
        elif not _of_python(name, binaries):
            found.add(_of_system(Path(binaries.get(name, name))))
    return sorted(found)


@functools.cache
def of_distribution(distribution: metadata.Distribution) -> Component:
    """A distribution of PyPI, with the licence texts that it brings."""
    about = distribution.metadata
    name, version = about["Name"], about["Version"]
    texts = [
        file.read_text(encoding="utf-8").strip()
        for file in sorted(distribution.files or (), key=str)
        if _is_licence(file)
    ]
    return Component(
        name, version, f"pkg:pypi/{_normal(name)}@{version}", _licence(about), tuple(texts)
    )


def _is_licence(file: PurePosixPath) -> bool:
    in_metadata = any(part.endswith(".dist-info") for part in file.parts)
    return in_metadata and LICENCE_FILE.fullmatch(file.name) is not None


def _licence(about: metadata.PackageMetadata) -> str:
    """The SPDX expression, else the short name, else the classifiers."""
    for field in ("License-Expression", "License"):
        said: list[str] = about.get_all(field) or []
        if said and "\n" not in said[0].strip():
            return said[0].strip()
    classifiers = about.get_all("Classifier") or []
    return ", ".join(c.rsplit(" :: ", 1)[-1] for c in classifiers if c.startswith("License ::"))


def _requirements(name: str) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _normal(requirement.name)


def _normal(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _owners() -> dict[str, metadata.Distribution]:
    """File, as it lies in site-packages, -> its distribution."""
    return {
        file.as_posix(): distribution
        for distribution in needed().values()
        for file in distribution.files or ()
    }


def _of_python(name: str, binaries: Mapping[str, str]) -> bool:
    """Whether a file came with Python: one of its modules, or a library from its own folders."""
    if name in binaries:
        bases = {Path(prefix).resolve() for prefix in (sys.base_prefix, sys.base_exec_prefix)}
        return not bases.isdisjoint(Path(binaries[name]).resolve().parents)
    return name.endswith(".pyc")


def _python() -> Component:
    text = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    return Component(
        "Python",
        platform.python_version(),
        f"pkg:generic/python@{platform.python_version()}",
        "PSF-2.0",
        (text.read_text(encoding="utf-8").strip(),) if text.is_file() else (),
    )


@functools.cache
def _of_system(library: Path) -> Component:
    """A library of the system that the archive is built on: Debian says what it belongs to."""
    for path in _spellings(library.resolve()):
        package = _said("dpkg-query", "--search", str(path)).partition(": ")[0]
        if package:
            shown = "-f=${Package} ${Version}"
            name, _, version = _said("dpkg-query", "--show", shown, package).partition(" ")
            text = Path("/usr/share/doc", name, "copyright")
            texts = (text.read_text(encoding="utf-8").strip(),) if text.is_file() else ()
            purl = f"pkg:deb/{_distro()}/{name}@{quote(version, safe='')}"
            return Component(name, version, purl, "", texts)
    return Component(library.name, "", f"pkg:generic/{library.name}", "", ())


def _spellings(path: Path) -> Iterable[Path]:
    """Debian's list has some libraries where they were before /lib became a link to /usr/lib."""
    yield path
    if path.is_relative_to("/usr/lib"):
        yield Path("/lib") / path.relative_to("/usr/lib")


def _distro() -> str:
    return platform.freedesktop_os_release()["ID"]


def _said(*command: str) -> str:
    """The first line that a program prints; empty where it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.partition("\n")[0]

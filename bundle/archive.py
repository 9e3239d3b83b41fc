"""A folder as an archive whose bytes depend on names, modes and contents alone."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bundle.errors import BundleError

BORN = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: the first that a zip file can hold."""
_BORN_SECONDS = 315532800


def pack(folder: Path, target: Path) -> Path:
    """Write the files of `folder` to `target` (.tar.gz or .zip), sorted; `target`.

    krew refuses links (internal/download/downloader.go): what they lead to is packed instead. It
    also refuses names with two dots in a row, anywhere: BundleError.
    """
    entries = dict(sorted(_files(folder)))
    if bad := [name for name in entries if ".." in name]:
        raise BundleError(f"bundle: krew refuses this name in an archive: {bad[0]}")
    with target.open("wb") as file:
        if target.suffix == ".zip":
            _zip(entries, file)
        else:
            _tar(entries, file)
    return target


def sha256(path: Path) -> str:
    """The checksum of a file, in lower case as krew demands it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below `folder`, by the name it has in the archive; links are followed."""
    for place, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = Path(place, name)
            yield path.relative_to(folder).as_posix(), path


def _mode(path: Path) -> int:
    return 0o755 if path.suffix == ".exe" or os.access(path, os.X_OK) else 0o644


def _tar(entries: dict[str, Path], file: IO[bytes]) -> None:
    with (
        gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name, path in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = path.stat().st_size, _mode(path), _BORN_SECONDS
            with path.open("rb") as content:
                tar.addfile(entry, content)


def _zip(entries: dict[str, Path], file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in entries.items():
            entry = zipfile.ZipInfo(name, BORN)
            entry.external_attr = _mode(path) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())

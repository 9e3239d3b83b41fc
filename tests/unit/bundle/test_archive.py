"""The bytes of an archive depend on what is packed, never on when, where or by whom."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from bundle import archive
from bundle.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program, a file below, and a link to that."""
    return made(tmp_path / "one", ["b/text", "a"])


def made(folder: Path, order: list[str]) -> Path:
    """The same files in `folder`, made in this order."""
    for name in order:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "a").chmod(0o700)
    (folder / "link").symlink_to("b/text")
    return folder


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_order_times_and_umask_leave_no_trace(folder: Path, tmp_path: Path, kind: str) -> None:
    other = made(tmp_path / "two", ["a", "b/text"])
    os.utime(other / "a", (1, 1))
    (other / "b" / "text").chmod(0o600)

    one = archive.pack(folder, tmp_path / f"one.{kind}")
    two = archive.pack(other, tmp_path / f"two.{kind}")

    assert one.read_bytes() == two.read_bytes()


def test_a_link_is_packed_as_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(archive.pack(folder, tmp_path / "it.tar.gz")) as opened:
        found = {entry.name: (entry.isreg(), entry.mode) for entry in opened}

    assert found == {"a": (True, 0o755), "b/text": (True, 0o644), "link": (True, 0o644)}


def test_a_zip_file_says_what_may_be_run(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive.pack(folder, tmp_path / "it.zip")) as opened:
        found = {entry.filename: entry.external_attr >> 16 for entry in opened.infolist()}

    assert found == {"a": 0o755, "b/text": 0o644, "link": 0o644}


def test_a_name_that_krew_refuses_is_refused_at_once(folder: Path, tmp_path: Path) -> None:
    (folder / "half..done").touch()

    with pytest.raises(BundleError, match=r"half\.\.done"):
        archive.pack(folder, tmp_path / "it.tar.gz")
    assert not (tmp_path / "it.tar.gz").exists()

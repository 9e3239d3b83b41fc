"""The images of the real node: valid, small, and always the same bytes."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from testbed.images import IMAGES, REGISTRY, write_archive

Object = dict[str, Any]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of all images, made of a program that is none."""
    return written(tmp_path, "one.tar")


def written(folder: Path, name: str) -> Path:
    """An archive in `folder`."""
    program = folder / "app"
    program.write_bytes(b"a static program")
    write_archive(folder / name, program)
    return folder / name


def member(archive: Path, path: str) -> bytes:
    """One file of the archive."""
    with tarfile.open(archive) as opened:
        file = opened.extractfile(path)
        assert file is not None
        return file.read()


def manifests(archive: Path) -> dict[str, Object]:
    """What the archive's index says, by image name."""
    index = json.loads(member(archive, "index.json"))
    return {m["annotations"]["io.containerd.image.name"]: m for m in index["manifests"]}


def test_the_same_program_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert archive.read_bytes() == written(tmp_path, "two.tar").read_bytes()


def test_every_name_is_in_the_index(archive: Path) -> None:
    assert set(manifests(archive)) == {REGISTRY + n for image in IMAGES for n in image.names}


def test_an_alias_has_the_digest_of_its_twin_and_no_two_versions_share_one(archive: Path) -> None:
    digests = {name: m["digest"] for name, m in manifests(archive).items()}
    assert digests[f"{REGISTRY}app:v2"] == digests[f"{REGISTRY}app:v2-alias"]
    assert digests[f"{REGISTRY}app:v1"] != digests[f"{REGISTRY}app:v2"]


def test_every_blob_is_called_by_its_digest(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        blobs = [name for name in opened.getnames() if name.startswith("blobs/")]
    assert len(blobs) > 2
    for blob in blobs:
        assert hashlib.sha256(member(archive, blob)).hexdigest() == blob.rpartition("/")[2]

"""The archive that users install, built once for all processes of a test run, and their krew."""

from __future__ import annotations

import fcntl
import py_compile
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle import archive, build, platforms
from testbed.controlplane import ControlPlane
from testbed.krew import Krew, site
from tests.krew.releases import NEWER, Published


@pytest.fixture(scope="session")
def packed() -> Path:
    """The folder with this platform's archive: as `make dist` builds it."""
    build.KEPT.mkdir(parents=True, exist_ok=True)
    with (build.KEPT / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build.built()


@pytest.fixture(scope="session")
def unpacked(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked and not yet installed."""
    folder = tmp_path_factory.mktemp("unpacked")
    (built,) = packed.glob("*.tar.gz")
    with tarfile.open(built) as opened:
        opened.extractall(folder, filter="data")
    return folder


@pytest.fixture
def published(packed: Path, tmp_path: Path) -> Iterator[Published]:
    """A site with this version on it, and krew's manifest of it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with site(folder) as url:
        one = Published(folder, url)
        (built,) = packed.glob("*.tar.gz")
        one.publish(built)
        yield one


@pytest.fixture
def krew(tmp_path: Path, control_plane: ControlPlane) -> Krew:
    """A user who has kubectl, krew and git, and no Python."""
    one = Krew(tmp_path / "user", control_plane.kubeconfig)
    assert shutil.which("python3", path=one.env["PATH"]) is None
    return one


@pytest.fixture
def installed(krew: Krew, published: Published) -> Krew:
    """The same with this version installed from manifest and archive, without a network."""
    krew.krew("install", f"--manifest={published.manifest}", f"--archive={published.archive}")
    return krew


@pytest.fixture(scope="session")
def newer(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same archive as of version NEWER."""
    folder = tmp_path_factory.mktemp("newer")
    copy, source = folder / "unpacked", folder / "version.py"
    shutil.copytree(unpacked, copy)
    source.write_text(f'VERSION = "{NEWER}"\n')
    compiled = copy / "_internal" / "kubectl_cafe" / "version.pyc"
    assert compiled.is_file()
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(source), cfile=str(compiled), doraise=True, invalidation_mode=mode)
    return archive.pack(copy, folder / platforms.here().archive(NEWER))

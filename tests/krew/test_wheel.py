"""Installed by pip (or pipx) from the sources: a wheel in a venv of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bundle import inside, manifest
from kubectl_cafe.version import VERSION
from testbed.controlplane import ControlPlane

ROOT = Path(__file__).parents[2]
SOURCES = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "kubectl_cafe", "statemachine")


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with the wheel, and what the wheel says it needs: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    sources, fresh = folder / "sources", folder / "venv"
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (sources / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, sources], check=True
    )
    subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
    (wheel,) = folder.glob("*.whl")
    into = [fresh / "bin" / "python", "-m", "pip", "install", "--no-index", "--no-deps", wheel]
    subprocess.run(into, check=True)
    _lend(fresh)
    return fresh


def _lend(fresh: Path) -> None:
    """Link the distributions that the plugin needs into the venv, and no other."""
    (packages,) = fresh.glob("lib/python*/site-packages")
    for distribution in inside.needed().values():
        for file in distribution.files or ():
            top = file.parts[0]
            there = Path(str(distribution.locate_file(top)))
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(there)


def run(venv: Path, program: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the venv."""
    command = [venv / "bin" / program, *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=venv)


def test_pip_finds_all_that_the_wheel_says_it_needs(venv: Path) -> None:
    checked = run(venv, "python", "-m", "pip", "check")
    shown = run(venv, "python", "-m", "pip", "show", "kubectl-cafe").stdout

    assert checked.returncode == 0, checked.stdout
    assert f"Version: {VERSION}\n" in shown
    assert f"Summary: {yaml.safe_load(manifest.PLUGIN.read_text())['shortDesc']}" in shown


def test_the_plugin_runs_with_these_alone(venv: Path, control_plane: ControlPlane) -> None:
    kubeconfig = str(control_plane.kubeconfig)
    version = run(venv, "kubectl-cafe", "version", KUBECONFIG=kubeconfig)
    init = run(venv, "kubectl-cafe", "init", "--dry-run=server", "--yes", KUBECONFIG=kubeconfig)

    assert version.returncode == 0, version.stderr
    assert version.stdout.startswith(f"Client Version: v{VERSION}\nServer Version: v1.")
    assert init.returncode == 0, init.stderr


def test_kubectl_finds_the_second_name_too(venv: Path) -> None:
    done = run(venv, "kubectl_complete-cafe", "vers")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, ":4")
    assert done.stdout.startswith("version\t")

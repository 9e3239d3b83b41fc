"""The archive itself: what is in it, and how its program behaves where it is unpacked."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bundle import archive, check, inside, manifest
from kubectl_cafe.cli.completing import COMPLETER
from kubectl_cafe.version import VERSION
from testbed.controlplane import ControlPlane

# One process unpacks and packs for both modules.
pytestmark = pytest.mark.xdist_group("krew")

PLUGIN = """\
#!/bin/sh
/usr/bin/env > {told}
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",' \\
  '"status": {{"token": "{token}"}}}}'
"""
SHELL_S = {"PWD", "OLDPWD", "SHLVL", "_"}
KUBECTL_S = {"KUBERNETES_EXEC_INFO"}
"""What credential plugins get beyond the user's environment (KEP 541)."""


def run(
    unpacked: Path, *words: str, env: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run its program in no other environment than `env`."""
    program = unpacked / "kubectl-cafe"
    return subprocess.run([program, *words], env=env, cwd=folder, capture_output=True, text=True)


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path below with its size and time."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
    }


@pytest.fixture
def with_plugin(control_plane: ControlPlane, tmp_path: Path) -> tuple[Path, Path]:
    """A kubeconfig whose user is a credential plugin, and the file in which that tells its env."""
    config: dict[str, Any] = yaml.safe_load(control_plane.kubeconfig.read_text())
    told, plugin = tmp_path / "told", tmp_path / "login"
    plugin.write_text(PLUGIN.format(told=told, token=config["users"][0]["user"]["token"]))
    plugin.chmod(0o755)
    config["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(plugin),
            "interactiveMode": "Never",
        }
    }
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    return kubeconfig, told


@pytest.mark.parametrize(
    "user_s", [{}, {"LD_LIBRARY_PATH": "/opt/theirs/lib", "VIRTUAL_ENV": "/opt/venv"}]
)
def test_a_credential_plugin_gets_the_user_s_own_environment(
    unpacked: Path, with_plugin: tuple[Path, Path], user_s: dict[str, str]
) -> None:
    kubeconfig, told = with_plugin
    env = {"KUBECONFIG": str(kubeconfig), "PATH": "", "GREETING": "a=b c", **user_s}

    done = run(unpacked, "version", env=env)

    assert done.returncode == 0, done.stderr
    lines = dict(line.split("=", 1) for line in told.read_text().splitlines())
    assert {k: v for k, v in lines.items() if k not in SHELL_S | KUBECTL_S} == env


def test_no_file_is_written_beside_the_program_nor_in_the_home_nor_left_in_tmp(
    unpacked: Path, control_plane: ControlPlane, tmp_path: Path
) -> None:
    home, scratch = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    scratch.mkdir()
    env = {"KUBECONFIG": str(control_plane.kubeconfig), "HOME": str(home), "TMPDIR": str(scratch)}
    before = tree(unpacked)

    for words in (["version"], ["status", "web"], ["init", "--dry-run=server", "--yes"]):
        run(unpacked, *words, env=env, folder=scratch)

    assert tree(unpacked) == before
    assert (os.listdir(home), os.listdir(scratch)) == ([], [])


@pytest.mark.parametrize("home", [{"HOME": "/proc"}, {}, {"HOME": "/nowhere"}])
def test_a_home_that_is_read_only_or_missing_is_no_hindrance(
    unpacked: Path, control_plane: ControlPlane, home: dict[str, str]
) -> None:
    done = run(unpacked, "version", env={"KUBECONFIG": str(control_plane.kubeconfig), **home})

    assert done.returncode == 0, done.stderr
    assert "Server Version: v1." in done.stdout


def test_without_a_kubeconfig_a_read_only_home_is_named(unpacked: Path) -> None:
    done = run(unpacked, "status", env={"HOME": "/proc"})

    assert done.returncode == 1
    assert "no kubeconfig" in done.stderr


def test_every_verb_loads(unpacked: Path) -> None:
    tree = yaml.safe_load(manifest.PLUGIN.read_text())["tree"]
    for verb in (entry["name"] for entry in tree):
        done = run(unpacked, verb, "--help", env={})
        assert (done.returncode, verb in done.stdout) == (0, True), done.stderr


def test_it_ignores_what_is_meant_for_another_python(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('the wrong click')\n")
    env = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "PYTHONOPTIMIZE": "2"}

    done = run(unpacked, "version", "--client", env=env, folder=tmp_path)

    assert (done.returncode, done.stdout) == (0, f"Client Version: v{VERSION}\n")


def test_the_archive_holds_files_alone_with_fixed_times_in_order(packed: Path) -> None:
    (path,) = packed.glob("*.tar.gz")
    with tarfile.open(path) as opened:
        entries = opened.getmembers()

    assert [e.name for e in entries] == sorted(e.name for e in entries)
    assert all(entry.isreg() for entry in entries)
    assert {(e.mtime, e.uid, e.gid, e.uname) for e in entries} == {(315532800, 0, 0, "")}
    assert {"kubectl-cafe", "kubectl_complete-cafe", "LICENSE", "THIRD-PARTY-NOTICES"} == {
        entry.name for entry in entries if "/" not in entry.name
    }


def test_nothing_of_the_tools_nor_of_readline_is_inside(unpacked: Path) -> None:
    internal = {path.name for path in (unpacked / "_internal").iterdir()}

    assert internal.isdisjoint({"pytest", "mypy", "hypothesis", "setuptools", "PyInstaller"})
    assert not [name for name in internal if name.startswith(("libreadline", "libncurses"))]


def test_each_needed_distribution_and_library_is_in_the_bill_and_in_the_notices(
    packed: Path, unpacked: Path
) -> None:
    (path,) = packed.glob("*.cdx.json")
    bill = json.loads(path.read_text())
    named = {component["name"] for component in bill["components"]}
    notices = (unpacked / "THIRD-PARTY-NOTICES").read_text()

    assert {"Python", "pyinstaller", "click", "kubernetes", "msgspec", "PyYAML"} <= named
    assert named.isdisjoint({"pytest", "mypy", "kubectl-cafe"})
    assert all(f"\n  {name} " in notices for name in named)
    (packed_archive,) = packed.glob("*.tar.gz")
    assert bill["metadata"]["component"]["hashes"][0]["content"] == archive.sha256(packed_archive)


def test_what_the_build_matrix_checks_is_so(packed: Path) -> None:
    assert "runs on" in check.run(packed)


def test_the_second_name_is_the_same_program(unpacked: Path) -> None:
    first, second = unpacked / "kubectl-cafe", unpacked / COMPLETER

    assert second.read_bytes() == first.read_bytes()
    assert stat.S_IMODE(second.stat().st_mode) == 0o755


def test_dist_has_what_a_release_publishes(packed: Path, tmp_path: Path) -> None:
    (path,) = packed.glob("*.tar.gz")
    target = tmp_path / path.name
    target.write_bytes(path.read_bytes())

    written = manifest.write(tmp_path, "https://example.invalid/cafe")

    assert [one.name for one in written] == ["cafe.yaml", path.name, "SHA256SUMS"]
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_components_are_those_of_the_installed_distributions() -> None:
    names = set(inside.needed())

    assert {"click", "kubernetes", "msgspec", "packaging", "pyyaml", "rich", "transitions"} <= names
    assert "pytest" not in names

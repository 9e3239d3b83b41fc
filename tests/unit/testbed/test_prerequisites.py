"""What a machine without something that a real node needs is told."""

from __future__ import annotations

import os
import platform
import shutil

import pytest

from testbed import prerequisites


def test_another_system_than_linux_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert prerequisites.missing() == ["a real node needs Linux; this is Darwin"]


def test_somebody_without_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (line,) = prerequisites.missing()
    assert line.startswith("a real node needs root")


def test_missing_programs_are_told_in_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = {"ip", "unshare", "nsenter", "setpriv", "mount"}
    monkeypatch.setattr(shutil, "which", lambda name, path: name if name in found else None)
    assert prerequisites.missing() == [
        "not installed: runc, containernetworking-plugins; "
        "run: apt-get install -y runc containernetworking-plugins"
    ]

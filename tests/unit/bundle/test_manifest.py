"""krew's manifest, as rendered for several platforms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bundle import manifest, platforms
from bundle.errors import BundleError
from bundle.platforms import Platform
from kubectl_cafe.version import VERSION

SITE = "https://example.invalid/cafe"
LINUX, WINDOWS = Platform("linux", "amd64"), Platform("windows", "arm64")


def plugin() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(manifest.PLUGIN.read_text())
    return loaded


def test_each_archive_is_a_platform_with_its_address_and_checksum() -> None:
    text = manifest.render(plugin(), {LINUX: "a" * 64, WINDOWS: "b" * 64}, f"{SITE}/")
    found = yaml.safe_load(text)["spec"]["platforms"]

    there = f"{SITE}/releases/download/v{VERSION}/kubectl-cafe_v{VERSION}"
    assert found == [
        {
            "selector": {"matchLabels": {"os": "linux", "arch": "amd64"}},
            "uri": f"{there}_linux_amd64.tar.gz",
            "sha256": "a" * 64,
            "bin": "kubectl-cafe",
        },
        {
            "selector": {"matchLabels": {"os": "windows", "arch": "arm64"}},
            "uri": f"{there}_windows_arm64.zip",
            "sha256": "b" * 64,
            "bin": "kubectl-cafe.exe",
        },
    ]


def test_texts_come_from_plugin_yaml_and_stay_readable() -> None:
    text = manifest.render(plugin(), {LINUX: "a" * 64}, SITE)
    spec = yaml.safe_load(text)["spec"]

    assert spec["shortDescription"] == plugin()["shortDesc"]
    assert spec["description"].split() == plugin()["longDesc"].split()
    assert spec["caveats"].strip() == plugin()["caveats"]
    assert (spec["version"], spec["homepage"]) == (f"v{VERSION}", SITE)
    assert max(map(len, text.splitlines())) <= 140


def test_a_description_that_krew_s_index_would_refuse_is_refused() -> None:
    with pytest.raises(BundleError, match="50 characters"):
        manifest.render({**plugin(), "shortDesc": "x" * 51}, {LINUX: "a" * 64}, SITE)


def test_without_an_archive_of_this_version_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / LINUX.archive("0.0.1")).touch()

    with pytest.raises(BundleError, match="next:  make dist"):
        manifest.write(tmp_path, SITE)
    assert [path.name for path in tmp_path.iterdir()] == [LINUX.archive("0.0.1")]


def test_checksums_cover_what_is_published_and_no_older_version(tmp_path: Path) -> None:
    for one in (LINUX, WINDOWS):
        (tmp_path / one.archive()).write_text(one.os)
    (tmp_path / f"{LINUX.archive()}.cdx.json").touch()
    (tmp_path / LINUX.archive("0.0.1")).touch()

    manifest.write(tmp_path, SITE)

    sums = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in sums] == [
        "cafe.yaml",
        LINUX.archive(),
        f"{LINUX.archive()}.cdx.json",
        WINDOWS.archive(),
    ]


@pytest.mark.parametrize(
    ("tag", "machine", "expected"),
    [
        ("linux-x86_64", "x86_64", "amd64"),
        ("linux-aarch64", "aarch64", "arm64"),
        # macOS' Python runs on both; PyInstaller builds for the one that runs.
        ("macosx-11.0-universal2", "arm64", "arm64"),
        # A Python for AMD64 says so, on a machine of the other kind, too.
        ("win-amd64", "ARM64", "amd64"),
    ],
)
def test_a_processor_has_krew_s_name(
    monkeypatch: pytest.MonkeyPatch, tag: str, machine: str, expected: str
) -> None:
    monkeypatch.setattr("sysconfig.get_platform", lambda: tag)
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert platforms.here().arch == expected


def test_a_platform_that_krew_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-riscv64")

    with pytest.raises(BundleError, match="riscv64"):
        platforms.here()

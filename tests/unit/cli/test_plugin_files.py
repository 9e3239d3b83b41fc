"""plugin.yaml and krew-manifest.yaml say what the command line says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import yaml

from kubectl_cafe.cli import VERBS, options
from kubectl_cafe.version import VERSION

ROOT = Path(__file__).parents[3]


def read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return loaded


def test_the_tree_of_plugin_yaml_is_the_command_tree() -> None:
    tree = {entry["name"]: entry["shortDesc"] for entry in read("plugin.yaml")["tree"]}

    assert tree == {name: verb.help for name, verb in VERBS.items()}


def test_the_flags_of_plugin_yaml_are_those_that_every_verb_has() -> None:
    @click.command()
    @options.access_options
    def command() -> None: ...

    flags = [param for param in command.params if isinstance(param, click.Option)]
    long = [next(o for o in reversed(p.opts) if o.startswith("--")) for p in flags]

    declared = {f"--{flag['name']}": flag["desc"] for flag in read("plugin.yaml")["flags"]}
    assert declared == {
        name: (flag.help or "").rstrip(".") for name, flag in zip(long, flags, strict=True)
    }


def test_the_krew_manifest_has_this_version_and_krew_s_limits() -> None:
    spec = read("krew-manifest.yaml")["spec"]

    assert spec["version"] == f"v{VERSION}"
    assert len(spec["shortDescription"]) <= 50
    assert spec["shortDescription"] == read("plugin.yaml")["shortDesc"]


def test_the_changelog_keeps_an_unreleased_section() -> None:
    assert re.search(r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

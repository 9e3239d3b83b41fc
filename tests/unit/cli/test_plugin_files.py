"""plugin.yaml and krew-manifest.yaml say what the command line says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import yaml

from bundle import inside
from kubectl_cafe.cli import VERBS, options

ROOT = Path(__file__).parents[3]


def read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
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


def test_each_command_of_plugin_yaml_begins_with_the_program_s_name() -> None:
    plugin = read("plugin.yaml")

    assert plugin["command"] == f"kubectl-{plugin['name']}" == inside.NAME
    assert all(e["command"] == f"{plugin['command']} {e['name']}" for e in plugin["tree"])


def test_the_committed_krew_manifest_is_that_of_the_last_release() -> None:
    released = re.findall(
        r"^## \[(\d.*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    spec = read("krew-manifest.yaml")["spec"]

    assert (spec["version"] if spec["platforms"] else None) == (
        f"v{released[0]}" if released else None
    )


def test_the_changelog_keeps_an_unreleased_section() -> None:
    assert re.search(
        r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )

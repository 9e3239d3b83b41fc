"""The plugin and the real kubectl read the same YAML alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe import yamls
from tests.integration.applied import Kubectl
from tests.unit.yaml_scalars import SCALARS

HEAD = "apiVersion: cafe.example/v1\nkind: Example\nmetadata: {name: a}\n"
REST = """\
base: &b {p: 1, q: 2}
merged: {<<: *b, q: 3}
later: {q: 3, <<: [*b, {z: 1}]}
twice: {a: 1, a: 2}
keys: {1: a, yes: b, 1.5: c, 2026-01-02: d, 010: e, n: f, 12:30: g}
set: !!set {a, b}
"""


def seen_by(kubectl: Kubectl, file: Path) -> Any:
    """What kubectl makes of a file, without asking the server."""
    done = kubectl("label", "--local", "-f", str(file), "-o", "json", "a=b")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_int=number)


def number(text: str) -> int | float:
    """A number in Go's JSON: one beyond 64 bits is a float, which Go writes without exponent."""
    return int(text) if abs(int(text)) < 2**63 else float(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_means_the_same_to_kubectl(kubectl: Kubectl, tmp_path: Path, encoding: str) -> None:
    scalars = "".join(f"  - {text}\n" for text in SCALARS)
    file = tmp_path / "example.yaml"
    file.write_text(f"{HEAD}{REST}scalars:\n{scalars}", encoding=encoding)

    theirs, ours = seen_by(kubectl, file), yamls.load(file.read_bytes())

    assert theirs.pop("metadata")["name"] == ours.pop("metadata")["name"]
    assert ours == theirs


def test_what_the_plugin_prints_means_the_same_to_kubectl(kubectl: Kubectl, tmp_path: Path) -> None:
    texts = [text for text in SCALARS if text.isprintable()]
    file = tmp_path / "example.yaml"
    file.write_text(f"{HEAD}{yamls.dump({'texts': texts})}")

    assert seen_by(kubectl, file)["texts"] == texts


@pytest.mark.parametrize(
    "line", ["x: .inf", "~: x", "[1]: x", "x: &a [*a]", "x: !!int foo", "<<: 5"]
)
def test_what_kubectl_refuses_is_refused(kubectl: Kubectl, tmp_path: Path, line: str) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(f"{HEAD}{line}\n")

    assert kubectl("label", "--local", "-f", str(file), "-o", "json", "a=b").returncode == 1
    with pytest.raises(yamls.YAMLError):
        yamls.load(file.read_bytes())

"""`make scene`: the scenes that docs/ name, and what it says without a cluster."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.scenes.__main__ import goodbye, main
from demo.scenes.pages import DOCS, scenarios
from demo.scenes.scenes import SCENES, summary

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"make scene SCENE=([\w-]+)")
BY_HAND = ("operations.md", "pipelines.md", "audit.md")


def test_every_scene_is_named_in_docs_and_every_name_in_docs_is_a_scene() -> None:
    named = {name for page in DOCS.rglob("*.md") for name in NAMED.findall(page.read_text())}
    assert named == set(SCENES)


def test_every_name_in_docs_stands_before_commands_that_a_test_runs() -> None:
    named = sum(len(NAMED.findall(page.read_text())) for page in DOCS.rglob("*.md"))
    found = scenarios()
    assert len(found) == named
    assert all(one.blocks and one.blocks[0] for one in found)


@pytest.mark.parametrize("page", BY_HAND)
def test_a_page_shows_no_command_before_it_names_a_scene(page: str) -> None:
    before = (DOCS / page).read_text().partition("make scene SCENE=")[0]
    assert "```console" not in before


def test_the_list_has_one_line_for_each_scene(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(SCENES)]] == list(SCENES)
    assert all(summary(name) in line for name, line in zip(SCENES, lines, strict=False))


def test_an_unknown_scene_is_a_usage_error_that_lists_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["no-such-scene"]) == 2

    said = capsys.readouterr().err
    assert "no-such-scene" in said
    assert all(name in said for name in SCENES)


def test_make_passes_the_scene_on() -> None:
    command = ["make", "-s", "-o", "venv", "scene", f"BIN={Path(sys.executable).parent}"]
    done = subprocess.run(
        [*command, "SCENE=no-such-scene"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "no-such-scene" in done.stderr


def test_the_end_names_the_next_command_of_each_section_that_begins_with_the_scene() -> None:
    said = goodbye("waiting")

    assert "make -s cluster-env" in said
    for one in scenarios():
        if one.scene == "waiting":
            line = next(line for line in said.splitlines() if one.section in line)
            assert one.blocks[0][0].command in line
            assert one.page.name in line

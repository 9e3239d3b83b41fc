"""The pages of docs/ are true: their commands are run, and what they show is what is seen.

Every `make scene SCENE=NAME` before console blocks names a scene of demo/scenes; the blocks after
it, up to the next one, are run line by line. With CAFE_WRITE_PAGE=1 what was seen is written into
the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import pytest

from demo.scenes.pages import Scenario, rewrite, scenarios
from demo.scenes.scenes import SCENES
from demo.scenes.shop import Scene
from tests.integration.shell import Shell

WRITE = "CAFE_WRITE_PAGE" in os.environ
POD = re.compile(r"(?:shop|productpage)-cell[abp]-[a-z0-9]{5}\b")
VARIES = (
    (r"\s+", " "),
    (r"(shop|productpage)-cell[abp]-[a-z0-9]{5}(?![a-z0-9])", r"\1-cell-xxxxx"),
    (r"(shop|productpage)-[0-9a-f]{10}\b", r"\1-0123456789"),
    (r"\br-[0-9a-f]{8}\b", "r-01234567"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\b\d\d:\d\d:\d\dZ?\b", "TIME"),
    (r"\d+ \d+\.\d+\.\d+\.\d+\b", "RESTARTS IP"),
    (r"\bfor \d+[smh]\b", "for AGE"),
    (r'"(age|elapsed)": [\d.]+', r'"\1": SECONDS'),
    (r"^\d+s ", "AGE "),
    (r"\(\d+s ago\) \d+s", "(AGE ago) AGE"),
    (r" \d+s (?=Completed|RolledBack|rolled back to)", " TOOK "),
    (r"\d+[smh] ago", "AGE ago"),
    (r"back-off \d+s", "back-off AGE"),
    (r"TIME \d+s", "TIME AGE"),
    (r"in \d+s\b", "in AGE"),
    (r"\b\S+ on [\w.-]+, pid \d+", "DRIVER"),
)
"""What is another one each time."""


def masked(line: str) -> str:
    """The line without what varies."""
    for pattern, instead in VARIES:
        line = re.sub(pattern, instead, line)
    return line.strip()


def named(command: str, page: Sequence[str], seen: Sequence[str]) -> str:
    """The command, with the name that a pod of the page has here: the same lines name it."""
    for pod in POD.findall(command):
        line = next(masked(line) for line in page if pod in line)
        here = next(found for found in seen if masked(found) == line)
        command = command.replace(pod, POD.findall(here)[0])
    return command


@pytest.mark.parametrize("scenario", scenarios(), ids=str)
def test_the_page_is_true_of(
    installed: None, shell: Shell, scene: Scene, scenario: Scenario
) -> None:
    SCENES[scenario.scene](scene)
    seen: list[str] = []
    page: list[str] = []
    blocks: list[str] = []
    for block in scenario.blocks:
        begun = len(seen)
        for step in block:
            code, lines = shell.run(named(step.command, page, seen))
            page += step.shown
            seen += [step.typed, *lines]
            assert code == step.code, "\n".join(seen)
            if not WRITE:
                known = {masked(line) for line in lines}
                unseen = [line for line in step.shown if masked(line) not in known]
                assert not unseen, "\n".join(seen)
        blocks.append("\n".join(seen[begun:]))
    if WRITE:
        rewrite(scenario, blocks)

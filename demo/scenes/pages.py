"""The pages of docs/ as data: the scene that a section begins with, its commands, their output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LINE = "To follow this by hand: `make scene SCENE={}`\n"
"""The line before the console blocks of a section that begins with a scene."""
BEGINS = re.compile(f"^{LINE.format('([a-z-]+)')}", re.MULTILINE)
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (.*?)(?:\s+# exit code (\d+))?$")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One command, its exit code, and what the page shows of its output."""

    command: str
    code: int
    shown: tuple[str, ...]

    @property
    def typed(self) -> str:
        """The command as the page shows it."""
        return f"$ {self.command}" + (f"   # exit code {self.code}" if self.code else "")


@dataclass(frozen=True)
class Scenario:
    """The console blocks of a page from one scene to the next; `place` counts them from 1."""

    page: Path
    place: int
    scene: str
    section: str
    blocks: tuple[tuple[Step, ...], ...]

    def __str__(self) -> str:
        return f"{self.page.stem}-{self.place}-{self.scene}"


def scenarios() -> list[Scenario]:
    """All of them, page by page."""
    return [found for page in sorted(DOCS.glob("*.md")) for found in _of(page)]


def rewrite(scenario: Scenario, seen: Sequence[str]) -> None:
    """Write what was seen into the page, block by block."""
    parts = BEGINS.split(scenario.page.read_text())
    texts = iter(seen)
    place = 2 * scenario.place
    parts[place] = BLOCK.sub(lambda _: f"```console\n{next(texts)}\n```", parts[place])
    # Splitting has left the scenes' names alone between the texts.
    parts[1::2] = [LINE.format(name) for name in parts[1::2]]
    scenario.page.write_text("".join(parts))


def _of(page: Path) -> Iterator[Scenario]:
    before, *parts = BEGINS.split(page.read_text())
    for place, (scene, text) in enumerate(zip(parts[::2], parts[1::2], strict=True), 1):
        blocks = tuple(tuple(_steps(block)) for block in BLOCK.findall(text))
        yield Scenario(page, place, scene, HEADING.findall(before)[-1], blocks)
        before += text


def _steps(text: str) -> Iterator[Step]:
    for part in re.split(r"(?m)^(?=\$ )", text):
        head, *shown = part.splitlines() or [""]
        if match := COMMAND.match(head):
            yield Step(match[1], int(match[2] or 0), tuple(shown))

"""`python -m tests.pages`: write docs/commands anew."""

from __future__ import annotations

from pathlib import Path

from tests.pages.commands import pages

FOLDER = Path(__file__).parents[2] / "docs" / "commands"


def main() -> None:
    """Write every page, and remove those of commands that are gone."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()

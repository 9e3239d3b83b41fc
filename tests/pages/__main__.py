"""`python -m tests.pages`: write docs/commands and docs/fields.md anew."""

from __future__ import annotations

from pathlib import Path

from tests.pages import commands, fields

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "commands"
FIELDS = DOCS / "fields.md"


def main() -> None:
    """Write every page, and remove those of commands that are gone."""
    made = commands.pages()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)
    FIELDS.write_text(fields.page())


if __name__ == "__main__":
    main()

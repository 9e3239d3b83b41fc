"""What CONTRIBUTING.md and docs/design/architecture.md name of the repository is there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kubectl_cafe"
ARCHITECTURE = "docs/design/architecture.md"
PAGES = ("CONTRIBUTING.md", ARCHITECTURE)
ELSEWHERE = {"cafe.yaml", "dist/", "plugins/cafe.yaml", "SITE/releases/download/vVERSION/"}
"""Names of what a release publishes or a build makes: no files of the repository."""
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"`([^`\s]+)`")
DRAWN = re.compile(r"\b[a-z_]+/[a-z_]+\b")
SUFFIXES = (".css", ".json", ".md", ".py", ".spec", ".toml", ".yaml", ".yml")


def files() -> list[Path]:
    """Every file of the repository outside of hidden folders."""
    tops = [top for top in ROOT.iterdir() if not top.name.startswith(".")]
    found = [file for top in tops if top.is_dir() for file in top.rglob("*") if file.is_file()]
    return [top for top in tops if top.is_file()] + found


FILES = [file for file in files() if "__pycache__" not in file.parts]


def pieces(page: str) -> Iterator[str]:
    """The page's rows of tables, and its paragraphs, without blocks of code."""
    text = BLOCK.sub("\n", (ROOT / page).read_text(encoding="utf-8"))
    for paragraph in text.split("\n\n"):
        rows = [line for line in paragraph.splitlines() if line.startswith("|")]
        yield from rows or [paragraph]


def is_path(token: str) -> bool:
    """Whether a token in backticks names a file, a folder, or a name in a module."""
    known = token in ELSEWHERE or token.startswith(("cafe.sofastack.io/", "-"))
    return not known and ("/" in token or token.endswith(SUFFIXES))


def resolved(token: str, folders: list[Path]) -> Path | None:
    """What the token names: below the root, the package, the row's folders, or once anywhere.

    `record/store.write` is a name that the module record/store.py defines.
    """
    for base in (ROOT, PACKAGE, *folders):
        for path in (base / token, base / f"{token}.py"):
            if path.exists():
                return path
        module, _, name = token.rpartition(".")
        if module and (base / f"{module}.py").exists():
            return base / f"{module}.py" if defines(base / f"{module}.py", name) else None
    found = [file for file in FILES if file.name == token]
    return found[0] if len(found) == 1 else None


def defines(module: Path, name: str) -> bool:
    """Whether the module has a function, class, method, constant or field of that name."""
    pattern = rf"^\s*(?:(?:def|class) {name}\b|{name}(?:: [^=\n]+)?(?: =|$))"
    return re.search(pattern, module.read_text(encoding="utf-8"), re.MULTILINE) is not None


def unknown(page: str) -> list[str]:
    """The paths of the page that name nothing."""
    missing: list[str] = []
    for piece in pieces(page):
        tokens = TOKEN.findall(piece)
        folders = [PACKAGE / token for token in tokens if (PACKAGE / token).is_dir()]
        for token in filter(is_path, tokens):
            path = resolved(token, folders)
            if path is None:
                missing.append(token)
            else:
                folders.append(path if path.is_dir() else path.parent)
    return missing


@pytest.mark.parametrize("page", PAGES)
def test_every_path_in_backticks_is_there(page: str) -> None:
    assert sum(is_path(token) for piece in pieces(page) for token in TOKEN.findall(piece)) > 50
    assert unknown(page) == []


def test_every_module_of_the_diagram_is_there() -> None:
    diagram = BLOCK.findall((ROOT / ARCHITECTURE).read_text(encoding="utf-8"))[0]
    drawn = DRAWN.findall(diagram)
    assert len(drawn) > 10
    assert [name for name in drawn if resolved(name, []) is None] == []


def test_the_table_of_folders_is_in_the_order_of_the_imports() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    expected = [layer.replace("kubectl_cafe.", "").split(" : ") for layer in layers]
    part = (ROOT / ARCHITECTURE).read_text(encoding="utf-8").split("\n## The folders\n")[1]
    rows = [line.split("|")[1] for line in part.split("\n## ")[0].splitlines() if "|" in line]
    found = [TOKEN.findall(first) for first in rows]
    assert [names for names in found if names][: len(expected)] == expected

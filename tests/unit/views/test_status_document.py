"""docs/output.md names every field of the documents of `status`, and none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.views import overview, status
from tests.unit.views.scenes import PROGRESSING, SCENES

PAGE = Path(__file__).parents[3] / "docs" / "output.md"
FULL = replace(SCENES["failed"], notes=("a note",))
LINE = overview.Overview("shop", "stores", "Progressing")


def described(section: str) -> set[str]:
    """The fields in the table of a section."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return set(re.findall(r"^\| `([^`]+)` \|", texts[section], re.MULTILINE))


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Every field that holds neither a map nor a list."""
    if isinstance(value, list):
        for item in value:
            yield from fields(item, f"{path}[]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from fields(item, f"{path}.{key}" if path else key)
    else:
        yield path


@pytest.mark.parametrize(
    ("section", "document"),
    [("status", status.document(FULL)), ("status of many", overview.document([LINE]))],
)
def test_the_page_has_the_fields_of(section: str, document: dict[str, object]) -> None:
    assert set(fields(document)) - {"apiVersion", "kind"} == described(section)


def test_durations_are_told_to_a_tenth_of_a_second() -> None:
    found = status.document(replace(PROGRESSING, age=1.23456, remaining=None))
    assert (found["age"], found["remaining"]) == (1.2, None)

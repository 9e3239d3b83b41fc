"""docs/output.md and the documents hold each other."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe.history.model import Placed
from kubectl_cafe.printers import (
    history,
    outcome,
    overview,
    plan,
    repair,
    states,
    status,
    version,
)
from kubectl_cafe.printers.html import document as report
from kubectl_cafe.repair.findings import What
from tests.unit.printers import test_html, test_plan
from tests.unit.printers.scenes import SCENES
from tests.unit.printers.test_history import DETAIL, HISTORY, RELEASE

PAGE = Path(__file__).parents[3] / "docs" / "output.md"
ROW = re.compile(r"^\| `([^`]+)` \| ((?:text|number|boolean|map)(?: or null)?) \|", re.MULTILINE)
TYPES = {
    "text": str,
    "number": int | float,
    "boolean": bool,
    "map": dict,
    "null": type(None),
}
LINE = repair.RepairLine("lost record", "pod/a", "it is wrong", "mend it", "kubectl", True)
VERSIONS = version.Versions(
    "1.2.3", {"gitVersion": "v1.32.0"}, version.Resource(("v1alpha1",), "1.0.0")
)
"""Old enough that there is a warning."""
FULL = dataclasses.replace(HISTORY, problems=("a problem",))
FAILED = replace(SCENES["failed"], notes=("a note",))
PLANNED = test_plan.planned(others=("spec.template.spec.volumes",))
REPORTED = test_html.report(unknown=("a gap",))
DOCUMENTS: dict[str, tuple[Mapping[str, object], ...]] = {
    "version": (version.document(VERSIONS),),
    "states": (states.document(),),
    "history": (history.document(FULL), history.document(HISTORY, DETAIL)),
    "history of many": (history.placed_document([Placed("stores", "shop", RELEASE)]),),
    "repair": (repair.document("shop", "stores", [LINE]),),
    "status": (status.document(FAILED),),
    "status of many": (overview.document([overview.Overview("shop", "stores", "Progressing")]),),
    "outcome of a release": (
        outcome.document(outcome.Outcome("shop", "stores", "Failed", next=("kubectl",))),
    ),
    "plan": (plan.document(PLANNED),),
    "report": (report.document(REPORTED),),
}
"""By section, complete: every list has something in it."""


def described(section: str) -> dict[str, str]:
    """Field -> type, as the page has them."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return dict(ROW.findall(texts[section]))


def found(value: Any, fields: Mapping[str, str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a document and its value; what the page calls a map alone is not opened."""
    if isinstance(value, list):
        for item in value:
            yield from found(item, fields, f"{path}[]")
        return
    if path:
        yield path, value
    if isinstance(value, dict) and (path not in fields or f"{path}." in " ".join(fields)):
        for key, item in value.items():
            yield from found(item, fields, f"{path}.{key}" if path else key)


@pytest.mark.parametrize("section", DOCUMENTS)
def test_every_field_is_on_the_page_under_its_type_and_none_that_is_not_there(
    section: str,
) -> None:
    fields = described(section)
    seen: set[str] = set()
    for document in DOCUMENTS[section]:
        shown = json.loads(json.dumps(document))
        assert shown.pop("apiVersion") == "cafe.sofastack.io/v1"
        assert f"kind `{shown.pop('kind')}`" in PAGE.read_text(encoding="utf-8")
        for path, value in found(shown, fields):
            if path in fields:
                allowed = [TYPES[name] for name in fields[path].split(" or ")]
                assert any(isinstance(value, kind) for kind in allowed), (path, value)
                seen.add(path)
            else:
                assert isinstance(value, dict), f"{path} is not on the page"
    assert seen == set(fields)


def test_every_kind_of_finding_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    kinds = text.partition("Kinds of problems")[2].partition("\n## ")[0]
    assert set(re.findall(r"^- `([^`]+)`: .", kinds, re.MULTILINE)) == set(What)

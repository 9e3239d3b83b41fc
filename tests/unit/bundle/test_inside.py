"""What is said about the parts of the archive."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pytest

from bundle import inside, notices, sbom
from bundle.inside import Component

CLICK = Component("click", "8.1", "pkg:pypi/click@8.1", "BSD-3-Clause", ("Be kind.",))
ODD = Component("Odd", "1", "pkg:pypi/odd@1", "GPL, with an exception", ())
NAMELESS = Component("libx.so.1", "", "pkg:generic/libx.so.1", "", ("As is.",))


def test_the_plugin_needs_what_it_declares_and_what_that_needs() -> None:
    found = set(inside.needed())

    assert {"click", "kubernetes", "msgspec", "packaging", "pyyaml", "rich"} <= found
    assert {"tabulate", "transitions"} <= found
    assert "urllib3" in found
    assert found.isdisjoint({"pytest", "pyinstaller", "kubectl-cafe"})


def test_what_is_installed_beside_it_is_a_stranger() -> None:
    found = set(inside.not_required())

    assert {"pytest", "mypy", "PyInstaller"} <= found
    assert found.isdisjoint({"kubectl_cafe", "statemachine", "click", "yaml", "six", "dateutil"})
    assert "packaging" not in found


def test_a_distribution_brings_its_licence_and_the_text_of_it() -> None:
    click = inside.of_distribution(metadata.distribution("click"))

    assert (click.name, click.licence) == ("click", "BSD-3-Clause")
    assert click.purl == f"pkg:pypi/click@{click.version}"
    assert any("Pallets" in text for text in click.texts)


def test_the_notices_name_all_and_quote_each() -> None:
    text = notices.render([CLICK, NAMELESS, ODD])

    assert "\n  click 8.1 (BSD-3-Clause)\n  libx.so.1\n  Odd 1 (GPL" in text
    assert text.index("Be kind.") < text.index("As is.") < text.index("No text of a licence")


@pytest.fixture
def bill() -> dict[str, Any]:
    """The bill of materials of an archive with the three."""
    loaded: dict[str, Any] = json.loads(sbom.render("a.zip", "c" * 64, [CLICK, NAMELESS, ODD]))
    return loaded


def test_the_bill_names_components_by_package_url(bill: dict[str, Any]) -> None:
    assert [one["purl"] for one in bill["components"]] == [CLICK.purl, NAMELESS.purl, ODD.purl]
    assert bill["dependencies"][0]["dependsOn"] == [CLICK.purl, NAMELESS.purl, ODD.purl]
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]


def test_the_bill_gives_a_licence_as_an_expression_or_else_by_its_name(
    bill: dict[str, Any],
) -> None:
    said = [one.get("licenses") for one in bill["components"]]

    assert said == [
        [{"expression": "BSD-3-Clause"}],
        None,
        [{"license": {"name": "GPL, with an exception"}}],
    ]


def test_the_same_archive_has_the_same_bill(bill: dict[str, Any]) -> None:
    assert json.loads(sbom.render("a.zip", "c" * 64, [CLICK, NAMELESS, ODD])) == bill

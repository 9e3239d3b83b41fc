"""What `-o` prints of one result, and of one of many over time."""

from __future__ import annotations

import pytest

from kubectl_cafe.printers.output import Printable, event, text

ONE = Printable(
    documents=lambda: [{"kind": "Cat", "lives": 9}],
    table=lambda wide: "NAME  LIVES" if wide else "NAME",
    names=lambda: ["cat/a", "cat/b"],
    others={"html": lambda: "<p>\n\n"},
)
TWO = Printable(documents=lambda: [{"kind": "Cat"}, {"kind": "Dog"}])
CALM = Printable(documents=list)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (None, "NAME\n"),
        ("wide", "NAME  LIVES\n"),
        ("name", "cat/a\ncat/b\n"),
        ("json", '{\n  "kind": "Cat",\n  "lives": 9\n}\n'),
        ("yaml", "kind: Cat\nlives: 9\n"),
        ("html", "<p>\n"),
    ],
)
def test_a_result_in_each_format(output: str | None, shown: str) -> None:
    assert text(ONE, output) == shown


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (None, "NAME\n"),
        ("name", "cat/a\ncat/b\n"),
        ("json", '{"kind": "Cat", "lives": 9}\n'),
        ("yaml", "---\nkind: Cat\nlives: 9\n"),
    ],
)
def test_an_event_is_one_line_of_json_or_one_document_of_yaml(
    output: str | None, shown: str
) -> None:
    assert event(ONE, output) == shown


def test_several_objects_are_one_list_in_json_and_documents_in_yaml() -> None:
    assert text(TWO, "yaml") == "kind: Cat\n---\nkind: Dog\n"
    assert text(TWO, "json").startswith('{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [')


@pytest.mark.parametrize("output", [None, "wide", "name"])
def test_nothing_to_show_prints_nothing(output: str | None) -> None:
    assert text(CALM, output) == ""


def test_only_the_chosen_form_is_made() -> None:
    def failing() -> list[object]:
        raise AssertionError("nobody asked for it")

    assert text(ONE._replace(documents=failing), "name") == "cat/a\ncat/b\n"

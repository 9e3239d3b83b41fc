"""YAML as kubectl reads it; what kubectl makes of these was asked of kubectl 1.32 and 1.36."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe.yamls import YAMLError, dump, load, load_all
from tests.unit.yaml_scalars import SCALARS


@pytest.mark.guard("scalars-are-what-kubectl-reads")
@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=list(SCALARS))
def test_a_scalar_is_what_kubectl_makes_of_it(text: str, value: Any) -> None:
    (found,) = load(f"- {text}\n")

    assert (found, type(found)) == (value, type(value))


def test_keys_become_text_as_json_has_them() -> None:
    keys = "1: a\nyes: b\n1.5: c\n2026-01-02: d\n010: e\nn: f\n12:30: g\n"

    assert list(load(keys)) == ["1", "true", "1.5", "2026-01-02", "8", "false", "12:30"]


def test_of_two_equal_keys_the_later_one_counts() -> None:
    assert load("a: 1\nb: 2\na: 3\n") == {"a": 3, "b": 2}


def test_a_merge_key_acts_where_it_stands_and_its_first_mapping_wins() -> None:
    text = "base: &b {p: 1, q: 2}\none: {<<: *b, q: 3}\ntwo: {q: 3, <<: [*b, {p: 5, z: 1}]}\n"

    assert load(text)["one"] == {"p": 1, "q": 3}
    assert load(text)["two"] == {"p": 1, "q": 2, "z": 1}
    assert load('{"<<": {a: 1}}') == {"<<": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x: .inf", "line 1: infinity and NaN are not JSON values"),
        ("a: 1\nx: -.INF", "line 2: infinity"),
        ("~: x", "line 1: a key must be a string, a number or a boolean"),
        ("[1]: x", "a key must be a string"),
        ("x: &a [*a]", "an anchor's value contains itself"),
        ("x: *nowhere", "unknown anchor"),
        ("x: !!int s3cret", "a value is not of the type that its tag names"),
        ("x: !!binary '%%s3cret'", "text in base64"),
        ("<<: 5", "<< requires a mapping"),
        ("a: {s3cret\nb: 1", "line 2: "),
        ("a: 's3cret", "line 1: "),
        ("s3cret\x00", "control characters"),
    ],
)
def test_what_kubectl_refuses_is_refused_without_the_text(text: str, why: str) -> None:
    with pytest.raises(YAMLError) as caught:
        load_all(text)

    assert why in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "- " * 5000 + "a"])
def test_a_document_that_is_nested_too_deep_is_an_error_like_any_other(text: str) -> None:
    with pytest.raises(YAMLError, match="nest"):
        load(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_first_bytes_say_how_the_text_is_written(encoding: str) -> None:
    assert load("städte: [Nürnberg, 北京]\n".encode(encoding)) == {"städte": ["Nürnberg", "北京"]}


@pytest.mark.guard("utf-16-is-read")
def test_utf_16_of_either_order_is_read() -> None:
    assert load(b"\xff\xfea\x00:\x00 \x001\x00") == {"a": 1}
    assert load(b"\xfe\xff\x00a\x00:\x00 \x001") == {"a": 1}


def test_bytes_that_are_no_text_are_named_by_their_place() -> None:
    with pytest.raises(YAMLError, match="not UTF-8: byte 3"):
        load(b"a: \xff")


def test_documents_are_read_in_order_and_empty_ones_left_out() -> None:
    assert load_all("---\n---\na: 1\n...\n---\nb: 2\n---\n") == [{"a": 1}, {"b": 2}]
    assert load("a: 1\n---\nb: 2\n") == {"a": 1}
    assert load("") is None


def test_json_is_read_as_json_also_several_objects_in_a_row() -> None:
    assert load_all('{"a": "\\ud83d\\ude00"}\n{"b": 1.0}') == [{"a": "😀"}, {"b": 1.0}]
    assert load("{a: 1}") == {"a": 1}


@given(st.text(max_size=20))
def test_a_text_that_is_written_is_read_as_the_same_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert load(dump({"text": text, text: 1})) == {"text": text, text: 1}


@pytest.mark.parametrize("text", [text for text in SCALARS if " " not in text and text])
def test_text_that_looks_like_another_scalar_is_written_in_quotes(text: str) -> None:
    assert load(dump([text])) == [text]

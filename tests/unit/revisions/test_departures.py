"""Where the template that a server shows is not what was meant; defaults are no departure (A2)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.revisions.template import departures

MAIN: dict[str, Any] = {"name": "main", "image": "app:v1"}
SIDE: dict[str, Any] = {"name": "side", "image": "side:v1"}
PATHS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a value": ({"hostNetwork": True}, {"hostNetwork": False}, "hostNetwork"),
    "a value that was false": ({"hostNetwork": False}, {"hostNetwork": True}, "hostNetwork"),
    "a mapping that is gone": ({"nodeSelector": {"a": "b"}}, {}, "nodeSelector"),
    "a list that is gone": ({"volumes": [{"name": "a"}]}, {}, "volumes"),
    "a list of other length": ({"containers": [MAIN]}, {"containers": [MAIN, SIDE]}, "containers"),
    "text for a list": ({"args": "ab"}, {"args": ["a", "c"]}, "args"),
    "an item of a list": ({"args": ["a", "b"]}, {"args": ["a", "c"]}, "args[1]"),
    "a container's field": (
        {"containers": [MAIN, SIDE]},
        {"containers": [MAIN, {**SIDE, "image": "side:v2"}]},
        "containers[side].image",
    ),
}


@pytest.mark.parametrize(("meant", "shown", "path"), PATHS.values(), ids=PATHS)
def test_what_is_not_as_it_was_meant_is_named_by_its_path(
    meant: dict[str, Any], shown: dict[str, Any], path: str
) -> None:
    assert departures({"spec": meant}, {"spec": shown}) == (f"spec.template.spec.{path}",)


@pytest.mark.parametrize("empty", [{}, [], "", False, 0])
def test_an_empty_field_that_the_server_does_not_keep_is_no_departure(empty: object) -> None:
    assert departures({"spec": {"any": empty}}, {"spec": {}}) == ()

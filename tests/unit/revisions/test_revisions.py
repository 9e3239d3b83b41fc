"""Templates compared, images read, revisions numbered and pruned (protocol 3, 4)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe import names
from kubectl_cafe.revisions.image import mutable, problem
from kubectl_cafe.revisions.revision import (
    name_of,
    next_number,
    owner_reference,
    parse,
    prunable,
)
from kubectl_cafe.revisions.template import Difference, changes, difference, fingerprint
from tests.unit.builders import cafe_object, revision, template

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below),
    max_leaves=10,
)
D = "sha256:" + "a" * 64


def rich() -> dict[str, Any]:
    """A template with one of everything."""
    spec = {
        "containers": [
            {"name": "main", "image": "app:v1", "env": [{"name": "A", "value": "1"}]},
            {"name": "side", "image": "side:v1", "ports": [{"containerPort": 80}]},
        ],
        "initContainers": [{"name": "init", "image": "init:v1"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    return {"metadata": {"labels": {"app": "shop"}}, "spec": spec}


def compared(change: Any, *selector: str) -> Difference:
    """The difference that `change` makes to the rich template."""
    new = copy.deepcopy(rich())
    change(new)
    return difference(rich(), new, selector)


def main(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["spec"]["containers"][0]
    return found


def grown(spec: dict[str, Any]) -> None:
    spec["spec"]["containers"].append({"name": "new", "image": "n:1"})


OTHERS = [
    ("env", lambda t: main(t)["env"][0].update(value="2"), "containers[main].env[0].value"),
    ("ports", lambda t: main(t).update(ports=[]), "containers[main].ports"),
    ("an added container", grown, "containers[new]"),
    ("a removed one", lambda t: t["spec"]["containers"].pop(), "containers[side]"),
    ("volumes", lambda t: t["spec"]["volumes"].clear(), "volumes"),
    (
        "a mapping that is text now",
        lambda t: t["spec"]["volumes"][0].update(emptyDir="none"),
        "volumes[0].emptyDir",
    ),
    (
        "C17 init containers",
        lambda t: t["spec"]["initContainers"][0].update(image="init:v2"),
        "initContainers[0].image",
    ),
    ("node selector", lambda t: t["spec"].update(nodeSelector={"a": "b"}), "nodeSelector"),
]


@pytest.mark.parametrize(("change", "path"), [o[1:] for o in OTHERS], ids=[o[0] for o in OTHERS])
def test_what_cannot_go_in_place_is_named_by_its_path(change: Any, path: str) -> None:
    assert compared(change).others == (f"spec.template.spec.{path}",)


def test_metadata_that_is_neither_label_nor_annotation_does_not_go_in_place() -> None:
    found = compared(lambda t: t["metadata"].update(finalizers=["example.com/lb"]))
    assert found.others == ("spec.template.metadata.finalizers",)


def test_equal_templates_do_not_differ() -> None:
    assert compared(lambda t: None).empty


@pytest.mark.parametrize(
    "change",
    [
        lambda t: main(t).update(image="app:v9"),
        lambda t: t["metadata"]["labels"].update(tier="web"),
        lambda t: t["metadata"].update(annotations={"note": "x"}),
        lambda t: t["spec"].update(hostNetwork=True),
    ],
    ids=["image", "label", "annotation", "other"],
)
def test_templates_that_differ_in_one_thing_alone_are_not_the_same(change: Any) -> None:
    assert compared(lambda _: None).empty
    assert not compared(change).empty


def test_images_are_compared_by_container_name_whatever_the_order() -> None:
    def swapped(new: dict[str, Any]) -> None:
        new["spec"]["containers"].reverse()
        new["spec"]["containers"][0]["image"] = "side:v2"

    found = compared(swapped)
    assert (found.images, found.others) == ({"side": ("side:v1", "side:v2")}, ())


def test_a_label_outside_every_selector_goes_in_place() -> None:
    found = compared(lambda t: t["metadata"]["labels"].update(tier="web"), "app")
    assert (found.labels, found.others) == ({"tier": (None, "web")}, ())


@pytest.mark.guard("selector-labels-stay")
def test_c57_a_label_of_the_selector_does_not_go_in_place() -> None:
    found = compared(lambda t: t["metadata"]["labels"].update(app="cart"), "app")
    assert (found.labels, found.others) == ({}, ("spec.template.metadata.labels[app]",))


@pytest.mark.parametrize("label", [names.CELL, names.REVISION])
def test_c57_our_own_labels_are_nobody_elses_to_set(label: str) -> None:
    found = compared(lambda t: t["metadata"]["labels"].update({label: "x"}))
    assert found.others == (f"spec.template.metadata.labels[{label}]",)


def test_annotations_go_in_place() -> None:
    found = compared(lambda t: t["metadata"].update(annotations={"note": "x"}))
    assert found.annotations == {"note": (None, "x")}


def test_a_creation_timestamp_that_the_server_wrote_is_no_difference() -> None:
    assert compared(lambda t: t["metadata"].update(creationTimestamp=None)).empty


def test_changes_name_what_came_went_and_changed() -> None:
    found = changes({"a": "1", "b": "1"}, {"b": "2", "c": "1"})
    assert found == {"a": ("1", None), "b": ("1", "2"), "c": (None, "1")}


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_the_hash_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    assert fingerprint(value) == fingerprint(dict(reversed(value.items())))


def test_the_hash_is_the_same_in_every_process_and_version() -> None:
    assert fingerprint({"b": [1, "x"], "a": None}) == "c22cb7b035"


def test_equal_templates_have_one_revision_and_other_ones_another() -> None:
    assert name_of("shop", template()) == name_of("shop", template())
    assert name_of("shop", template()) != name_of("shop", template("app:v2"))


VALID = [
    "nginx",
    "nginx:1.27",
    "docker.io/library/nginx:alpine",
    "localhost:5000/app",
    "REGISTRY.example.com/team/app:V1_x",
    f"app@{D}",
    f"app:v1@{D}",
]
BAD = [
    "",
    " app",
    "App",
    "app:",
    "app:v 1",
    "app@sha256:12",
    "https://host/app",
    "a//b",
    "app:v1:v2",
]


@pytest.mark.parametrize("image", VALID)
def test_an_image_reference_is_accepted(image: str) -> None:
    assert problem(image) == ""


@pytest.mark.parametrize("image", BAD)
def test_what_is_no_image_reference_is_refused_with_a_reason(image: str) -> None:
    assert problem(image) != ""


MUTABLE = [
    ("app", True),
    ("app:latest", True),
    ("localhost:5000/app", True),
    ("app:v1", False),
    (f"app:latest@{D}", False),
]


@pytest.mark.parametrize(("image", "moves"), MUTABLE)
def test_c7_a_tag_that_usually_moves_is_known(image: str, moves: bool) -> None:
    assert mutable(image) is moves


def test_revisions_are_numbered_from_one() -> None:
    assert next_number([]) == 1


def test_a_new_revision_has_the_highest_number_there_was_and_one_more() -> None:
    assert next_number([revision("a", 4), revision("b", 2)]) == 5


def test_a_number_that_a_deleted_revision_had_is_not_given_again() -> None:
    assert next_number([revision("a", 4)], [6, 2]) == 7


def test_the_oldest_revisions_beyond_the_limit_go() -> None:
    all_of = [revision(name, number) for number, name in enumerate("abcde", start=1)]
    assert [r.name for r in prunable(all_of, (), 3)] == ["a", "b"]


@pytest.mark.parametrize("limit", [5, 6, 9])
def test_within_the_limit_no_revision_goes(limit: int) -> None:
    all_of = [revision(name, number) for number, name in enumerate("abcde", start=1)]
    assert prunable(all_of, (), limit) == []


@pytest.mark.parametrize("data", [None, {}, {"template": None}])
def test_a_revision_without_a_template_has_no_images(data: dict[str, Any] | None) -> None:
    meta = {"name": "a", "resourceVersion": "1", "uid": "u"}
    assert parse({"metadata": meta, "data": data, "revision": 1}).images == {}


def test_what_a_cafedeployment_owns_is_deleted_before_it_in_a_deletion_in_the_foreground() -> None:
    reference = owner_reference(cafe_object())
    assert (reference["controller"], reference["blockOwnerDeletion"]) == (True, True)


@pytest.mark.guard("used-revisions-stay")
def test_a_revision_that_is_in_use_is_never_pruned() -> None:
    all_of = [revision(name, number) for number, name in enumerate("abcde", start=1)]
    assert [r.name for r in prunable(all_of, ["a"], 0)] == ["b", "c", "d", "e"]

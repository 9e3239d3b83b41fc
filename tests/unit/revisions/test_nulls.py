"""A null is an absent field: in names, hashes, differences and what is sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.merge_patch import merge_patch
from kubectl_cafe.revisions.revision import manifest, name_of, parse
from kubectl_cafe.revisions.template import (
    difference,
    images,
    misshapen,
    with_images,
    without_nulls,
)
from tests.unit.builders import cafe_object, template

SHOP = "shop-7dc7f9ade9"
HASH = "cc28a1fa48"


def with_nulls() -> dict[str, Any]:
    """The template of the tests as Helm and `kubectl create` write it."""
    made = template()
    made["metadata"] |= {"creationTimestamp": None, "annotations": None}
    made["spec"] |= {"nodeSelector": None, "affinity": {"nodeAffinity": None}}
    made["spec"]["containers"][0] |= {"env": None, "resources": {"limits": None}}
    return made


def without() -> dict[str, Any]:
    """The same without them."""
    made = template()
    made["spec"]["affinity"] = {}
    made["spec"]["containers"][0]["resources"] = {}
    return made


def cafe(made: dict[str, Any]) -> CafeDeployment:
    return CafeDeployment(cafe_object(template=made))


@pytest.mark.guard("nulls-are-nothing-in-a-name")
def test_a_revision_s_name_is_the_same_with_nulls_and_without() -> None:
    assert name_of("shop", with_nulls()) == name_of("shop", without())


def test_what_a_release_was_planned_from_is_the_same_with_nulls_and_without() -> None:
    assert cafe(with_nulls()).spec_hash == cafe(without()).spec_hash
    assert not difference(cafe(with_nulls()).template, without()).others


def test_names_and_hashes_of_a_spec_without_nulls_are_those_of_earlier_versions() -> None:
    """Else every release under way would fail by SpecChanged."""
    assert name_of("shop", template()) == SHOP
    assert CafeDeployment(cafe_object()).spec_hash == HASH


@pytest.mark.parametrize("spec", [{}, {"containers": None}])
def test_a_template_without_containers_has_no_image_to_change(spec: dict[str, Any]) -> None:
    assert with_images({"spec": spec}, {"main": "app:v2"}) == {"spec": spec}


def test_an_item_of_a_list_keeps_its_place() -> None:
    assert without_nulls({"args": ["a", None, {"b": None}]}) == {"args": ["a", None, {}]}


def test_the_object_itself_is_left_as_it_is() -> None:
    made = with_nulls()
    before = copy.deepcopy(made)
    without_nulls(made)
    assert made == before


def test_a_stored_revision_with_nulls_is_read_without_them() -> None:
    stored = manifest(cafe_object(), with_nulls(), 1)
    assert stored["data"]["template"] == without()
    meta = {"name": "a", "resourceVersion": "1", "uid": "u"}
    old = {"metadata": meta, "data": {"template": with_nulls()}, "revision": 1}
    assert parse(old).template == without()


@pytest.mark.guard("nulls-are-nothing-in-a-patch")
@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": None}, {}, {}),
        ({}, {"a": None}, {}),
        ({"l": [{"a": None}]}, {"l": [{}]}, {}),
        ({"l": [{"a": 1}]}, {"l": [{"a": None, "b": 2}]}, {"l": [{"b": 2}]}),
        ({"m": {"a": 1}}, {"m": {"a": None, "b": {"c": None}}}, {"m": {"a": None, "b": {}}}),
    ],
)
def test_a_patch_sends_null_only_where_a_key_goes(old: Any, new: Any, patch: Any) -> None:
    assert merge_patch(old, new) == patch


@pytest.mark.guard("an-image-is-read-as-text")
@pytest.mark.parametrize("image", [None, 5, ["app"]])
def test_an_image_that_is_no_text_is_read_as_text(image: object) -> None:
    made = template()
    made["spec"]["containers"][0]["image"] = image
    assert isinstance(images(made)["main"], str)
    assert (images(made)["main"] == "") is (image is None)


MISSHAPEN = [
    (
        "spec.containers",
        0,
        {"name": "main", "image": 5},
        "spec.containers[0].image must be a string",
    ),
    ("spec.containers", 0, "main", "spec.containers[0] must be a mapping"),
    ("spec", "initContainers", [{"image": 5}], "spec.initContainers[0].image must be a string"),
    ("spec", "initContainers", "none", "spec.initContainers must be a list"),
    ("spec", "imagePullSecrets", ["cred"], "spec.imagePullSecrets[0] must be a mapping"),
    ("spec", "affinity", "none", "spec.affinity must be a mapping"),
    ("metadata", "annotations", {"a": 1}, "metadata.annotations[a] must be a string"),
    ("metadata", "annotations", "text", "metadata.annotations must be a mapping"),
    ("metadata", "labels", {"a": True}, "metadata.labels[a] must be a string"),
]


@pytest.mark.parametrize(("parent", "key", "value", "said"), MISSHAPEN)
def test_a_field_of_another_type_is_named_by_its_path(
    parent: str, key: Any, value: object, said: str
) -> None:
    made: Any = template()
    place = made
    for name in parent.split("."):
        place = place[name]
    place[key] = value
    assert misshapen(made).startswith(f"spec.template.{said}")


def test_a_template_with_nulls_is_well_shaped() -> None:
    assert misshapen(with_nulls()) == ""

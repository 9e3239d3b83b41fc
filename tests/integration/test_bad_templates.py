"""What can't go in place is refused with its path before anything is written."""

from __future__ import annotations

import pytest

from tests.integration.refusals import UPGRADE, edited, refused
from tests.integration.shop import Shop


@pytest.mark.guard("only-images-labels-annotations")
@pytest.mark.parametrize(
    ("pointer", "value", "path"),
    [
        (
            "/spec/containers/0/env",
            [{"name": "MODE", "value": "fast"}],
            "spec.template.spec.containers[main].env",
        ),
        (
            "/spec/containers/0/ports",
            [{"containerPort": 81}],
            "spec.template.spec.containers[main].ports",
        ),
        (
            "/spec/containers/-",
            {"name": "extra", "image": "side:v1"},
            "spec.template.spec.containers[extra]",
        ),
        ("/spec/volumes", [{"name": "v", "emptyDir": {}}], "spec.template.spec.volumes"),
        (
            "/spec/initContainers",
            [{"name": "init", "image": "side:v1"}],
            "spec.template.spec.initContainers",
        ),
        (
            "/spec/terminationGracePeriodSeconds",
            7,
            "spec.template.spec.terminationGracePeriodSeconds",
        ),
    ],
    ids=["env", "ports", "container", "volumes", "init", "grace"],
)
def test_anything_but_images_labels_and_annotations_is_refused_with_its_path(
    shop: Shop, pointer: str, value: object, path: str
) -> None:
    shop.born(1)
    edited(shop, pointer, value)

    refused(shop, UPGRADE, 7, f"this release changes {path}. Nothing was written")


def test_all_paths_that_can_t_go_in_place_are_named_at_once(shop: Shop) -> None:
    shop.born(1)
    edited(shop, "/spec/containers/0/env", [{"name": "MODE", "value": "fast"}])
    edited(shop, "/spec/hostNetwork", True)

    refused(
        shop,
        (*UPGRADE, "--image", "main=app:v2"),
        7,
        "spec.template.spec.containers[main].env, spec.template.spec.hostNetwork",
    )


@pytest.mark.guard("server-judges-the-template")
def test_a_template_that_the_server_would_refuse_is_refused_before_any_record(
    shop: Shop,
) -> None:
    shop.make(1)
    edited(shop, "/spec/containers/0/imagePullPolicy", "Sometimes")

    refused(shop, UPGRADE, 7, "spec.template", "imagePullPolicy", "Nothing was written")


def test_a_field_that_no_server_knows_is_refused_before_any_record(shop: Shop) -> None:
    shop.make(1)
    edited(shop, "/spec/containers/0/comand", ["sleep"])

    refused(shop, UPGRADE, 7, "comand", "Nothing was written")

"""An image or a container that can't be meant is said before anything is written."""

from __future__ import annotations

import pytest

from tests.integration.refusals import UPGRADE, edited, refused
from tests.integration.shop import Shop


@pytest.mark.parametrize(
    ("typed", "near"), [("mian", "; did you mean main?"), ("database", "(existing: main)")]
)
def test_an_unknown_container_is_named_with_the_near_miss(
    shop: Shop, typed: str, near: str
) -> None:
    shop.born(1)

    refused(
        shop,
        (*UPGRADE, "--image", f"{typed}=app:v2"),
        1,
        f'container "{typed}" not found',
        near,
        "--image main=app:v2",
    )


def test_c7_an_image_that_is_the_current_one_is_no_release(shop: Shop) -> None:
    shop.born(1)
    before = len(shop.writes())

    done = shop.upgrade("app:v1")

    assert (done.code, len(shop.writes())) == (0, before)
    assert "already at the target; nothing was written" in done.err


def test_c7_a_tag_that_moves_is_warned_of(shop: Shop) -> None:
    shop.born(1, containers={"main": "app:latest"})

    done = shop.upgrade("app:latest")

    assert done.code == 0
    assert "the tag of app:latest usually moves" in done.err


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("main=", "the image is empty"),
        ("main=app:v2 ", "white space"),
        ("main=App:v2", "is not an image reference"),
        ("main=app:v2:v3", "is not an image reference"),
        ("main=app@sha256:12", "is not an image reference"),
        ("main", "must be CONTAINER=IMAGE"),
        ("=app:v2", "must be CONTAINER=IMAGE"),
    ],
)
def test_an_empty_or_malformed_image_on_the_command_line_is_a_usage_error(
    shop: Shop, typed: str, words: str
) -> None:
    shop.born(1)

    refused(shop, (*UPGRADE, "--image", typed), 2, words)


@pytest.mark.guard("bad-images-are-refused")
@pytest.mark.parametrize("image", ["", "App:v2"])
def test_an_empty_or_malformed_image_in_the_spec_is_refused_with_its_path(
    shop: Shop, image: str
) -> None:
    shop.born(1)
    edited(shop, "/spec/containers/0/image", image, "replace")

    refused(
        shop,
        UPGRADE,
        7,
        "spec.template.spec.containers[main].image",
        "Nothing was written",
        "--image main=",
    )

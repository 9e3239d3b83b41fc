"""A null is an absent field, as Helm, Flux and `kubectl create` write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.client import Object
from tests.integration.refusals import UPGRADE, edited, refused
from tests.integration.shop import CAFED, NAME, Shop

NULLS: Object = {"env": None, "resources": None, "command": None}


def make(shop: Shop, replicas: int = 1) -> Object:
    """The shop's CafeDeployment as Helm creates it: with nulls in lists and mappings."""
    made = shop.make(replicas, "none")
    shop.client.delete(CAFED, NAME)
    body: Object = {key: made[key] for key in ("apiVersion", "kind", "spec")}
    template = body["spec"]["template"]
    template["metadata"]["creationTimestamp"] = None
    template["spec"]["nodeSelector"] = None
    template["spec"]["containers"][0] |= NULLS
    created = shop.client.create(CAFED, body | {"metadata": {"name": NAME}})
    assert "env" in created["spec"]["template"]["spec"]["containers"][0], "the server kept none"
    return body


def test_a_release_by_image_over_a_spec_with_nulls_ends_well(shop: Shop) -> None:
    make(shop)

    first = shop.upgrade()
    second = shop.upgrade("app:v2")

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"])


def test_a_rollback_over_a_spec_with_nulls_leaves_every_way_open(shop: Shop) -> None:
    make(shop)
    assert shop.upgrade().code == 0
    assert shop.upgrade("app:v2").code == 0

    assert shop.cafe("rollback", NAME, "--to-revision", "1", "--yes").code == 0
    assert shop.images() == ["app:v1"]
    done = shop.upgrade("app:v3")

    assert (done.code, shop.images()) == (0, ["app:v3"]), done.err


def test_the_same_file_with_and_without_nulls_is_the_same_revision(
    shop: Shop, tmp_path: Path
) -> None:
    body: Any = make(shop) | {"metadata": {"name": NAME}}
    assert shop.upgrade().code == 0
    container = body["spec"]["template"]["spec"]["containers"][0]
    for key in NULLS:
        del container[key]
    file = tmp_path / "web.json"
    file.write_text(json.dumps(body))

    done = shop.cafe("upgrade", "-f", str(file), "--yes")

    assert (done.code, shop.record()["toRevision"]) == (0, shop.record()["toRevision"])
    assert "already at the target" in done.err


@pytest.mark.parametrize(
    ("value", "said"), [(None, "the image is empty"), ("", "the image is empty")]
)
@pytest.mark.parametrize("args", [("plan", NAME), UPGRADE], ids=["plan", "upgrade"])
def test_a_container_without_an_image_is_refused(
    shop: Shop, args: tuple[str, ...], value: object, said: str
) -> None:
    shop.make(1)
    edited(shop, "/spec/containers/0/image", value)

    if args[0] == "plan":
        done = shop.cafe(*args)
        assert done.code == 7
        assert said in done.out
    else:
        refused(shop, args, 7, said)

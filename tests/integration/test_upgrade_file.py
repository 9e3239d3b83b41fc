"""`upgrade -f FILE`: the CafeDeployment of a file is released, and created if need be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.client import Object, Refused
from tests.integration.shop import CAFED, NAME, Shop


@pytest.fixture
def file(shop: Shop, tmp_path: Path) -> Path:
    """The CafeDeployment of the shop, in a file alone."""
    made = shop.make(1, "none")
    shop.client.delete(CAFED, NAME)
    body = {key: made[key] for key in ("apiVersion", "kind", "spec")}
    return write(tmp_path / "web.json", body | {"metadata": {"name": NAME}})


def write(path: Path, body: Any) -> Path:
    path.write_text(json.dumps(body))
    return path


def edit(path: Path, image: str, **strategy: object) -> None:
    body: Object = json.loads(path.read_text())
    body["spec"]["template"]["spec"]["containers"][0]["image"] = image
    body["spec"]["strategy"] |= strategy
    write(path, body)


def test_a_file_creates_the_cafedeployment_and_releases_it(shop: Shop, file: Path) -> None:
    done = shop.cafe("upgrade", "-f", str(file), "--yes")

    assert (done.code, shop.state(), shop.images()) == (0, "Completed", ["app:v1"]), done.err


def test_nothing_is_created_without_a_yes_or_in_a_dry_run(shop: Shop, file: Path) -> None:
    assert shop.cafe("upgrade", "-f", str(file)).code == 7
    assert shop.cafe("upgrade", "-f", str(file), "--dry-run=server", "--yes").code == 0

    with pytest.raises(Refused):
        shop.cafed()


def test_template_and_strategy_of_a_file_and_the_record_are_one_write(
    shop: Shop, file: Path
) -> None:
    assert shop.cafe("upgrade", "-f", str(file), "--yes").code == 0
    edit(file, "app:v2", minReadySeconds=1)

    assert shop.cafe("upgrade", "-f", str(file), "--yes").code == 0

    assert shop.images() == ["app:v2"]
    assert shop.cafed()["spec"]["strategy"]["minReadySeconds"] == 1
    assert shop.record()["plan"]["strategy"]["minReadySeconds"] == 1


def test_a_spec_that_the_server_refuses_changes_nothing(shop: Shop, file: Path) -> None:
    assert shop.cafe("upgrade", "-f", str(file), "--yes").code == 0
    before = shop.cafed()["metadata"]["resourceVersion"]
    edit(file, "app:v2", minReadySeconds=-1)

    refused = shop.cafe("upgrade", "-f", str(file), "--yes")

    assert refused.code == 7
    assert "spec.strategy.minReadySeconds" in refused.err
    assert shop.cafed()["metadata"]["resourceVersion"] == before


def test_a_template_that_the_server_refuses_is_refused_before_anything_is_created(
    shop: Shop, file: Path
) -> None:
    body: Object = json.loads(file.read_text())
    body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = "soon"
    write(file, body)

    refused = shop.cafe("upgrade", "-f", str(file), "--yes")

    assert refused.code == 7
    assert "terminationGracePeriodSeconds" in refused.err
    assert f"correct {file}" in refused.err
    assert shop.client.find(CAFED, NAME) is None

"""What running containers keep of the old labels and annotations is said beforehand (C78)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.downward_api import warnings
from kubectl_cafe.planning.proposal import propose
from kubectl_cafe.revisions.template import difference
from tests.unit.builders import pod, revision, template, workload
from tests.unit.planning.test_proposal import cafe

TEAM = "metadata.labels['team']"
NOTE = "metadata.annotations['note/of.it']"


def env(name: str, path: str) -> dict[str, Any]:
    """A variable that is set from a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def made(team: str, note: str = "", image: str = "app:v1", **spec: Any) -> dict[str, Any]:
    """A template of the containers main and side, with a label and an annotation."""
    spec.setdefault("main", {"env": [env("TEAM", TEAM)]})
    spec.setdefault("side", {})
    containers = [
        {"name": "main", "image": image, **spec.pop("main")},
        {"name": "side", "image": "side:v1", **spec.pop("side")},
    ]
    meta = {"labels": {"app": "shop", "team": team}, "annotations": {"note/of.it": note}}
    return {"metadata": meta, "spec": {"containers": containers, **spec}}


def said(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return "\n".join(warnings(new, difference(old, new)))


@pytest.mark.guard("old-metadata-in-running-containers-is-reported")
def test_a_variable_from_a_changed_label_is_named_with_its_container() -> None:
    assert said(made("a"), made("b")) == (
        "container main does not restart: it keeps the old value of TEAM "
        "(metadata.labels['team']) until its next restart"
    )


def test_a_variable_from_a_changed_annotation_is_named() -> None:
    side = {"env": [env("NOTE", NOTE)]}
    found = said(made("a", "1", side=side), made("a", "2", side=side))
    assert "container side does not restart: it keeps the old value of NOTE" in found
    assert "main" not in found


def test_a_container_whose_image_changes_restarts_and_has_the_new_value() -> None:
    side = {"env": [env("SIDE", TEAM)]}
    found = said(made("a", side=side), made("b", image="app:v2", side=side))
    assert "container side" in found
    assert "container main" not in found


@pytest.mark.parametrize(("image", "told"), [("app:v2", True), ("app:v1", False)])
def test_a_variable_from_the_label_of_the_revision_is_named_with_every_release(
    image: str, told: bool
) -> None:
    """A difference that is empty is no release."""
    path = f"metadata.labels['{names.REVISION}']"
    side = {"env": [env("REVISION", path)]}
    found = said(made("a", side=side), made("a", image=image, side=side))
    assert (f"REVISION ({path})" in found) is told


def test_a_variable_from_a_label_that_stays_is_not_named() -> None:
    assert said(made("a", "1"), made("a", "2")) == ""


@pytest.mark.parametrize("field", ["metadata.name", "spec.nodeName", "status.podIP"])
def test_a_variable_from_another_field_is_not_named(field: str) -> None:
    main = {"env": [env("FIELD", field), {"name": "PLAIN", "value": "1"}]}
    assert said(made("a", main=main), made("b", main=main)) == ""


def mounting(mount: Mapping[str, str], volume: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a container that mounts a volume with the labels."""
    side = {"volumeMounts": [{"name": "info", "mountPath": "/etc/labels", **mount}]}
    return {"main": {}, "side": side, "volumes": [{"name": "info", **volume}]}


ITEMS = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}
VOLUMES = [{"downwardAPI": ITEMS}, {"projected": {"sources": [{"downwardAPI": ITEMS}]}}]


@pytest.mark.parametrize("volume", VOLUMES)
def test_a_volume_follows_the_labels(volume: Mapping[str, Any]) -> None:
    spec = mounting({}, volume)
    assert said(made("a", **spec), made("b", **spec)) == ""


@pytest.mark.parametrize("field", ["subPath", "subPathExpr"])
@pytest.mark.parametrize("volume", VOLUMES)
def test_a_volume_that_is_mounted_by_sub_path_does_not(
    volume: Mapping[str, Any], field: str
) -> None:
    spec = mounting({field: "labels"}, volume)
    found = said(made("a", **spec), made("b", **spec))
    assert "container side does not restart: it keeps the old value of /etc/labels" in found


def test_an_init_container_does_not_run_again() -> None:
    init = [{"name": "setup", "image": "setup:v1", "env": [env("TEAM", TEAM)]}]
    spec = {"main": {}, "initContainers": init}
    assert said(made("a", **spec), made("b", **spec)).startswith("init container setup")


def test_a_proposal_warns_of_it() -> None:
    old, new = made("a"), made("b")
    around = Around((revision("v1", template=old),), (workload(),), (pod("a"), pod("b")))
    found = propose(cafe(template=template()), around, new)
    assert any("keeps the old value of TEAM" in warning for warning in found.warnings)


@pytest.mark.parametrize("bare", [{}, {"spec": None}])
def test_a_template_without_a_spec_keeps_nothing(bare: dict[str, Any]) -> None:
    assert warnings(bare, difference(made("a"), made("b"))) == ()

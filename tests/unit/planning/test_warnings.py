"""What `plan` and `upgrade` say before anybody says yes."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.planning.warnings import publishing_unready
from kubectl_cafe.traffic import Service
from tests.unit.builders import pod

APP = {"app": "shop"}
HEADLESS = Service("peers", APP, publishes_unready=True)


@pytest.mark.guard("services-that-publish-unready-pods-are-named")
def test_c30_a_service_that_publishes_pods_that_are_not_ready_is_named() -> None:
    assert publishing_unready([pod(labels=APP)], [HEADLESS]) == ["Service peers"]


def test_c30_one_that_publishes_ready_pods_alone_is_none() -> None:
    assert publishing_unready([pod(labels=APP)], [Service("web", APP)]) == []


def test_c30_one_of_other_pods_is_none() -> None:
    assert publishing_unready([pod(labels={"app": "cart"})], [HEADLESS]) == []


def test_c30_a_pod_in_label_mode_leaves_such_a_service_as_every_other() -> None:
    on = {**APP, names.TRAFFIC: "on"}
    labelled = pod(gated=False, labels=on)
    assert publishing_unready([labelled], [Service("peers", on, publishes_unready=True)]) == []

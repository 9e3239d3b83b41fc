"""What `version` says about old servers and resources that don't fit."""

from __future__ import annotations

import pytest

from kubectl_cafe.printers.version import (
    Resource,
    Versions,
    document,
    render,
    resource_warnings,
    server_warnings,
)
from kubectl_cafe.version import VERSION

FITS = Resource(("v1alpha1",), "1.2.3")


@pytest.mark.parametrize("version", ["v1.34.0", "v1.36.3", "v1.40.1-gke.1", "v2.0.0"])
def test_a_server_of_today_needs_no_word(version: str) -> None:
    assert server_warnings(version) == []


@pytest.mark.parametrize("version", ["v1.32.4-eks-1", "1.9"])
def test_a_server_older_than_the_last_four_minors_is_named_with_what_it_means(version: str) -> None:
    (warning,) = server_warnings(version)

    assert f"server {version} is older than the last four minor versions (1.33 to 1.36)" in warning
    assert "by time only" in warning


def test_a_kubelet_that_does_not_say_what_it_saw_is_named() -> None:
    (warning,) = server_warnings("v1.33.1")

    assert "do not report the observed generation" in warning
    assert "by time only" in warning


@pytest.mark.parametrize("version", ["unknown", "v1"])
def test_a_version_that_can_t_be_read_is_no_pass(version: str) -> None:
    assert "cannot be parsed" in server_warnings(version)[0]


def test_a_missing_resource_names_the_next_command() -> None:
    assert "kubectl cafe init" in resource_warnings(None, "1.2.3")[0]


def test_a_pre_release_is_older_than_the_release_that_installed_the_resource() -> None:
    (warning,) = resource_warnings(Resource(("v1alpha1",), "1.10.0"), "1.10.0-rc.1")

    assert "this client is older (1.10.0-rc.1)" in warning


def test_a_resource_that_a_newer_client_installed_asks_for_a_newer_client() -> None:
    (warning,) = resource_warnings(Resource(("v1alpha1",), "1.10.0"), "1.9.3")

    assert "installed by version 1.10.0, this client is older (1.9.3)" in warning
    assert warning.endswith("next: kubectl krew upgrade cafe")


def test_a_resource_that_an_older_client_installed_is_updated_by_init() -> None:
    (warning,) = resource_warnings(Resource(("v1alpha1",), "1.9.3"), "1.10.0")

    assert "installed by version 1.9.3, this client is 1.10.0" in warning
    assert warning.endswith("next: kubectl cafe init")


def test_a_resource_of_other_api_versions_only_is_named() -> None:
    assert "as v1," in resource_warnings(Resource(("v1",), VERSION), VERSION)[0]


@pytest.mark.parametrize("by", [VERSION, ""])
def test_a_resource_that_fits_or_can_t_be_judged_needs_no_word(by: str) -> None:
    assert resource_warnings(Resource(("v1alpha1",), by), VERSION) == []


def test_the_three_versions_stand_one_a_line() -> None:
    shown = render(Versions("1.2.3", {"gitVersion": "v1.36.3"}, FITS))

    assert shown.splitlines() == [
        "Client Version: v1.2.3",
        "Server Version: v1.36.3",
        "Resource Version: apps.cafe.cloud.alipay.com/v1alpha1 (installed by v1.2.3)",
    ]


def test_the_document_has_the_warnings_too() -> None:
    shown = document(Versions("1.2.3", {"gitVersion": "v1.36.3"}, None))

    assert shown["resource"] is None
    assert "kubectl cafe init" in str(shown["warnings"])


def test_the_client_alone_is_nothing_else() -> None:
    assert document(Versions("1.2.3")) == {
        "apiVersion": "cafe.sofastack.io/v1",
        "kind": "Version",
        "clientVersion": {"version": "v1.2.3"},
    }

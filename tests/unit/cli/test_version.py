"""What `version` says about old servers and missing resources."""

from __future__ import annotations

import pytest

from kubectl_cafe.cli.version import Resource, resource_warnings, server_warnings
from kubectl_cafe.version import VERSION


@pytest.mark.parametrize("version", ["v1.34.0", "v1.36.3", "v1.40.1-gke.1", "v2.0.0"])
def test_a_server_of_today_needs_no_word(version: str) -> None:
    assert server_warnings(version) == []


def test_a_server_that_does_not_count_generations_is_named() -> None:
    assert "does not count a pod's generations" in server_warnings("v1.32.4-eks-1")[0]


def test_a_kubelet_that_does_not_say_what_it_saw_is_named() -> None:
    assert "do not say which generation" in server_warnings("v1.33.1")[0]


def test_a_version_that_can_t_be_read_is_no_pass() -> None:
    assert "can't be read" in server_warnings("unknown")[0]


def test_a_missing_resource_names_the_next_command() -> None:
    assert "kubectl cafe init" in resource_warnings(None)[0]


def test_a_resource_that_another_version_installed_is_named() -> None:
    assert "version 9.9.9 installed" in resource_warnings(Resource(("v1alpha1",), "9.9.9"))[0]


def test_a_resource_of_other_api_versions_only_is_named() -> None:
    assert "as v1," in resource_warnings(Resource(("v1",), VERSION))[0]


@pytest.mark.parametrize("by", [VERSION, ""])
def test_a_resource_that_fits_or_can_t_be_judged_needs_no_word(by: str) -> None:
    assert resource_warnings(Resource(("v1alpha1",), by)) == []

"""A CafeDeployment, a namespace, a resource or a person that is not there is said at once."""

from __future__ import annotations

import pytest

from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from tests.integration.refusals import UPGRADE, VERBS, names_of, refused, says
from tests.integration.shop import NAME, Shop

# What is not there


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_a_missing_cafedeployment_is_named(shop: Shop, args: tuple[str, ...]) -> None:
    refused(
        shop,
        args,
        2 if args[0] == "plan" else 1,
        f'there is no CafeDeployment "{NAME}" in namespace {shop.client.namespace}',
        "kubectl get cafed --all-namespaces",
    )


def test_a_cafedeployment_of_a_similar_name_is_suggested(shop: Shop) -> None:
    shop.make(1)

    says(
        shop.cafe("status", "wbe"),
        1,
        f'"wbe" in namespace {shop.client.namespace}',
        f"did you mean {NAME}?",
    )
    says(shop.cafe("pause", "payments"), 1, f"in namespace {shop.client.namespace}\n")


def test_a_missing_crd_leads_to_init(own_control_plane: ControlPlane) -> None:
    cafe = Cafe(own_control_plane.kubeconfig, "default")

    for args in (UPGRADE, ("status", NAME), ("status",), ("drive", NAME)):
        says(cafe(*args), 1, "CafeDeployments are not installed", "kubectl cafe init")


def test_a_missing_namespace_is_said(shop: Shop) -> None:
    elsewhere = Cafe(shop.cafe.kubeconfig, "nowhere")

    says(elsewhere(*UPGRADE), 1, 'no CafeDeployment "web" in namespace nowhere')


# Asking


@pytest.mark.guard("without-a-terminal-nothing-is-asked")
def test_without_a_terminal_and_without_yes_nothing_is_started(shop: Shop) -> None:
    shop.make(1)

    refused(
        shop,
        ("upgrade", NAME),
        7,
        "stdin is not a terminal: cannot ask for confirmation. Nothing was written",
        "--yes",
    )

"""What `init` may write over."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubectl_cafe.errors import Refused
from kubectl_cafe.manifests import manifests
from kubectl_cafe.manifests.install import refuse_foreign
from kubectl_cafe.version import VERSION


def crd(labels: dict[str, str], *managers: str) -> dict[str, Any]:
    """A stored CRD, as far as ownership goes."""
    fields = [{"manager": manager} for manager in managers]
    return {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "x", "labels": labels, "managedFields": fields},
    }


OURS = {"app.kubernetes.io/managed-by": "kubectl-cafe"}


def test_a_crd_with_our_label_is_ours_whoever_applied_it() -> None:
    refuse_foreign(crd(OURS, "argocd-controller"))


def test_a_crd_that_we_applied_is_ours_even_if_its_label_was_lost() -> None:
    refuse_foreign(crd({}, "kubectl-cafe"))


def test_a_crd_of_somebody_else_is_refused_and_its_owner_named() -> None:
    with pytest.raises(Refused, match="field managers: helm") as refused:
        refuse_foreign(crd({"app.kubernetes.io/managed-by": "Helm"}, "helm"))

    assert refused.value.exit_code == 7


@pytest.mark.parametrize("version", ["0.0.1", VERSION, "", "no.version"])
def test_an_older_or_unknown_version_is_written_over(version: str) -> None:
    refuse_foreign(crd({**OURS, "app.kubernetes.io/version": version}))


@pytest.mark.parametrize("version", ["99.0.0", "v99.0.0", "99.0.0-rc.1", "99.0.0rc1"])
def test_a_newer_version_is_not_written_over(version: str) -> None:
    with pytest.raises(Refused, match=f"newer kubectl-cafe: {re.escape(version)} "):
        refuse_foreign(crd({**OURS, "app.kubernetes.io/version": version}))


def test_everything_that_is_installed_carries_our_label_and_this_version() -> None:
    for manifest in manifests(rbac=True):
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "kubectl-cafe"
        assert labels["app.kubernetes.io/version"] == VERSION


def test_without_rbac_there_is_the_crd_alone() -> None:
    assert [m["kind"] for m in manifests(rbac=False)] == ["CustomResourceDefinition"]

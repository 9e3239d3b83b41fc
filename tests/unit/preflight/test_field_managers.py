"""Who else owns what a release changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_cafe.preflight import field_managers
from tests.unit.builders import template
from tests.unit.preflight.cases import said, shop, upgrade

CONTAINERS = {"f:spec": {"f:template": {"f:spec": {"f:containers": {}}}}}
LABELS = {"f:spec": {"f:template": {"f:metadata": {"f:labels": {"f:app": {}}}}}}


def owned(manager: str, fields: Any = CONTAINERS, operation: str = "Apply", **more: Any) -> Any:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def judged(*entries: Any, to: Any = None, annotations: Any = None) -> list[str]:
    cafe = shop({"managedFields": list(entries), "annotations": annotations or {}})
    of = upgrade(of=cafe, to=to)
    return said(field_managers.judge(of.cafe, of.wished))


@pytest.mark.guard("another-manager-of-the-template-is-reported")
def test_a_gitops_tool_that_owns_what_is_changed_is_told_with_the_path() -> None:
    (found,) = judged(owned("argocd-controller"))
    assert found.startswith("warning: argocd-controller owns spec.template.spec.containers, ")


def test_one_that_owns_other_fields_is_none() -> None:
    assert judged(owned("labeller", LABELS))[0].startswith("ok: ")


@pytest.mark.parametrize("manager", ["kubectl-cafe", "kubectl-edit", "kubectl-create"])
def test_ours_and_what_a_person_typed_once_put_nothing_back(manager: str) -> None:
    assert judged(owned(manager, operation="Update"))[0].startswith("ok: ")


def test_client_side_apply_is_called_by_its_command() -> None:
    (found,) = judged(owned("kubectl-client-side-apply", operation="Update"))
    assert found.startswith("warning: kubectl apply owns ")


def test_a_spec_that_stays_as_it_is_has_nothing_to_put_back() -> None:
    assert judged(owned("argocd-controller"), to=template("app:v1")) == []


def test_the_file_that_was_applied_is_told_although_the_field_is_ours_by_now() -> None:
    text = json.dumps({"spec": {"template": template("app:v1")}})
    (found,) = judged(annotations={field_managers.LAST_APPLIED: text})
    assert found.startswith("warning: kubectl apply owns spec.template.spec.containers")


def test_a_file_that_has_the_new_image_already_is_none() -> None:
    text = json.dumps({"spec": {"template": template("app:v2")}})
    assert judged(annotations={field_managers.LAST_APPLIED: text})[0].startswith("ok: ")


def test_an_owner_of_the_whole_template_owns_what_is_in_it() -> None:
    assert field_managers.related("spec.template", "spec.template.spec.containers")
    assert not field_managers.related(
        "spec.template.spec.containersX", "spec.template.spec.containers"
    )

"""A template that admission rewrote as it was committed is not edited (protocol 2, A2)."""

from __future__ import annotations

from kubectl_cafe import names
from kubectl_cafe.assessment import edited_templates
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions import template as templates
from tests.unit.assessment.test_edited_templates import replicaset
from tests.unit.builders import REVISIONS


def test_an_image_that_admission_rewrote_in_the_commit_is_no_edit() -> None:
    """A registry mirror: the answer to the commit was noted with it."""
    obj = replicaset()
    made = obj["spec"]["template"]
    made["spec"]["containers"][0]["image"] = "mirror.example/app:v2"
    obj["metadata"]["annotations"][names.COMMITTED] = templates.stamp(made)
    assert edited_templates.paths(InPlaceSet().parse(obj), REVISIONS) == ()

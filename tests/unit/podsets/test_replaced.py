"""Images that a commit replaces and that no commit had made are remembered (C55)."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import PodState
from kubectl_cafe.podsets import WorkloadWrite
from tests.unit.assessment.test_edited_templates import IMAGE, SETS, changed, replicaset, row
from tests.unit.builders import cafe_object, template


def replacing(write: WorkloadWrite) -> dict[str, str]:
    """The annotation with the images that the commit replaces."""
    return {names.REPLACED: write.body["metadata"]["annotations"][names.REPLACED]}


@pytest.mark.guard("a-replaced-image-vouches-for-no-birth")
def test_c55_a_pod_of_an_edited_template_is_of_no_revision_once_that_is_written_anew() -> None:
    obj = replicaset()
    write = SETS.commit(cafe_object(), changed(**IMAGE), "v2", template("app:v2"))
    obj["metadata"]["annotations"] |= replacing(write)
    assert (row("app:evil", obj), row("mirror/app:v2", obj)) == (PodState.DRIFT, PodState.AT_GOAL)


def test_the_last_five_replaced_images_of_a_container_are_remembered() -> None:
    obj = replicaset()
    for number in range(7):
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = f"app:evil{number}"
        write = SETS.commit(cafe_object(), SETS.parse(obj), "v2", template("app:v2"))
        obj["metadata"]["annotations"] |= replacing(write)
    assert SETS.parse(obj).replaced == tuple(("main", f"app:evil{n}") for n in range(2, 7))


def test_a_commit_over_a_template_as_it_was_committed_remembers_nothing() -> None:
    write = SETS.commit(cafe_object(), SETS.parse(replicaset()), "v3", template("app:v3"))
    assert names.REPLACED not in write.body["metadata"]["annotations"]


@pytest.mark.parametrize("text", ["[", "[1]", '{"main": 1}', "[" * 100_000, "null"])
def test_an_annotation_that_can_t_be_read_names_no_image(text: str) -> None:
    obj = replicaset()
    obj["metadata"]["annotations"][names.REPLACED] = text
    assert SETS.parse(obj).replaced == ()

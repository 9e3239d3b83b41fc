"""Which pod set a podSetType has (protocol 3)."""

from __future__ import annotations

import pytest

from kubectl_cafe.podsets import kinds
from kubectl_cafe.podsets.inplaceset import InPlaceSet


@pytest.mark.parametrize("spec", [{}, {"podSetType": "InPlaceSet"}])
def test_a_spec_without_a_podsettype_is_an_inplaceset(spec: dict[str, str]) -> None:
    assert kinds.supported(spec)
    assert isinstance(kinds.of(spec), InPlaceSet)


def test_a_podsettype_of_another_version_is_not_supported_and_its_status_can_be_read() -> None:
    assert not kinds.supported({"podSetType": "StatefulSet"})
    assert kinds.of({"podSetType": "StatefulSet"}).resource == "replicasets"


@pytest.mark.parametrize("name", kinds.KINDS)
def test_a_pod_set_names_its_kind_and_the_resource_of_it(name: str) -> None:
    podset = kinds.KINDS[name]
    assert podset.resource == f"{podset.kind.lower()}s"

"""docs/fields.md says what the schema says, and the schema says enough."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_cafe import yamls
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.releasable import refuse_unsupported
from tests.pages import fields
from tests.pages.__main__ import FIELDS
from tests.pages.fields import Field

EVERY = fields.fields()
WISHES = [one for one in EVERY if one.path.startswith("spec.") and "properties" not in one.schema]
"""The fields that somebody sets to a value."""
TYPES = {"integer": int, "string": str, "boolean": bool, "array": list, "object": Mapping}
UNHONOURED: dict[str, dict[str, Any]] = {
    "spec.podSetType": {"podSetType": "StatefulSet"},
    "spec.volumeClaimTemplates": {"volumeClaimTemplates": [{}]},
    "spec.serviceName": {"serviceName": "shop"},
    "spec.topology.autoReschedule.enable": {"topology": {"autoReschedule": {"enable": True}}},
    "spec.selector.matchExpressions": {"selector": {"matchExpressions": [{"key": "app"}]}},
}


def test_the_page_of_the_fields_is_current() -> None:
    """Else: make docs."""
    assert FIELDS.read_text() == fields.page()


@pytest.mark.parametrize("one", EVERY, ids=[one.path for one in EVERY])
def test_every_field_has_a_description(one: Field) -> None:
    assert one.told("what").endswith(".")
    assert not [part for part in ("This version", "Unit:", "Example:") if part in one.told("what")]


@pytest.mark.parametrize("one", WISHES, ids=[one.path for one in WISHES])
def test_every_field_of_the_spec_has_an_example_of_its_type(one: Field) -> None:
    given = one.told("example")
    assert given
    if given.startswith(("none", "see ")):
        return
    value = yamls.load(f"{one.name}: {given}")[one.name]
    if "type" in one.schema:
        assert isinstance(value, TYPES[one.schema["type"]])
    assert value in one.schema.get("enum", [value])


@pytest.mark.parametrize("one", WISHES, ids=[one.path for one in WISHES])
def test_every_number_has_a_unit(one: Field) -> None:
    number = one.schema.get("type") == "integer" or "x-kubernetes-int-or-string" in one.schema
    seconds = one.name.endswith("Seconds")

    assert bool(one.told("unit")) == (number or "unitReplicas" in one.path)
    assert (one.told("unit") == "seconds") == seconds


@pytest.mark.parametrize("path", UNHONOURED)
def test_what_this_version_refuses_is_said_of_the_field(path: str) -> None:
    (one,) = (one for one in EVERY if one.path == path)
    cafe = _example()
    spec = {**cafe.spec, **copy.deepcopy(UNHONOURED[path])}

    with pytest.raises(Refused, match=path):
        refuse_unsupported(cafe.with_spec(spec))
    assert one.told("version").startswith("This version refuses ")


def test_the_example_of_the_page_can_be_released() -> None:
    cafe = _example()

    refuse_unsupported(cafe)
    assert cafe.wished_allocation() == {"CellA": 5, "CellB": 5}


def _example() -> CafeDeployment:
    made = yamls.load(fields.EXAMPLE)
    return CafeDeployment({**made, "metadata": {**made["metadata"], "namespace": "stores"}})

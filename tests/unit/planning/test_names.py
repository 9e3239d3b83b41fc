"""Names of CafeDeployments: the longest, and those with a dot or a hyphen anywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import outline
from kubectl_cafe.podsets.cells import generate_name
from kubectl_cafe.revisions.revision import LONGEST_OWNER, name_of
from tests.unit.builders import cafe_object, template

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAMES = st.from_regex(SUBDOMAIN, fullmatch=True).filter(lambda name: len(name) <= 253)


def refusals(name: str) -> tuple[Refused, ...]:
    """What `plan` refuses of a first release of that name."""
    obj = cafe_object()
    obj["metadata"]["name"] = name
    cafe = CafeDeployment(obj)
    return outline(cafe, Around((), (), ()), cafe.template).refusals


@given(NAMES)
def test_of_every_name_a_generated_one_is_valid(name: str) -> None:
    """The server adds five letters or digits and takes the result for a name."""
    assert SUBDOMAIN.fullmatch(f"{generate_name(name)}abcde")


@pytest.mark.guard("no-name-ends-in-a-dot-where-it-is-cut")
@pytest.mark.parametrize("name", ["a" * 39 + ".b", "a" * 38 + ".b.c"])
def test_a_name_with_a_dot_where_it_is_cut_is_cut_before(name: str) -> None:
    assert not generate_name(name).endswith((".-", "--"))


def test_the_longest_name_makes_the_longest_label() -> None:
    assert len(name_of("a" * LONGEST_OWNER, template())) == 63


@pytest.mark.guard("long-names-are-refused-by-plan")
def test_a_longer_name_is_refused_with_a_way_out() -> None:
    assert not [r for r in refusals("a" * LONGEST_OWNER) if "metadata.name" in r.message]

    (found,) = [r for r in refusals("a" * 53) if "metadata.name" in r.message]

    assert found.message == (
        "metadata.name has 53 characters, must have at most 52. Nothing was written"
    )
    assert found.hint.startswith(f"kubectl get cafed {'a' * 53} -n stores -o yaml > FILE")
    assert found.hint.endswith(f"kubectl delete cafed {'a' * 53} -n stores")

"""The real node's names and addresses."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from testbed.nodeconfig import TEST_NETWORK, bridge, free_subnet

HERE = Path("/somewhere/node")


def test_each_directory_has_a_bridge_of_its_own_with_a_name_that_the_kernel_takes() -> None:
    assert bridge(HERE) != bridge(HERE.with_name("other"))
    assert len(bridge(HERE)) <= 15


def test_the_subnet_lies_in_the_test_network_and_is_the_same_every_time() -> None:
    assert free_subnet(HERE, []) == free_subnet(HERE, [])
    assert free_subnet(HERE, []).subnet_of(TEST_NETWORK)


def test_a_subnet_that_somebody_has_is_left_to_them() -> None:
    first = free_subnet(HERE, [])
    taken = ipaddress.IPv4Interface(f"{first.network_address + 1}/24")
    assert not free_subnet(HERE, [taken]).overlaps(first)


def test_a_machine_that_uses_the_whole_test_network_is_told_so() -> None:
    with pytest.raises(LookupError, match="in use"):
        free_subnet(HERE, [ipaddress.IPv4Interface("198.18.0.1/15")])

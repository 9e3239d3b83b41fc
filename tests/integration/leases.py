"""The Lease of a release, as people are told of it."""

from __future__ import annotations

from tests.integration.shop import Shop


def driver(shop: Shop) -> str:
    """Who drives: USER on HOST, pid N, without what makes the holder's name unique."""
    named, _, unique = shop.lease()["holderIdentity"].rpartition(" ")
    assert unique.startswith("[")
    return str(named)

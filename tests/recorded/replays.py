"""Each recorded release once more: it writes what it wrote when it was recorded.

Not a part of the test run: a change that should write something else is allowed to, and says so by
recording anew (`make replay RECORD=1`).
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from testbed.proxy import FaultProxy
from tests.integration.conftest import installed, shop  # noqa: F401
from tests.integration.shop import Shop
from tests.recorded.releases import GOLDEN, SCRIPTS
from tests.recorded.writes import compared


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_release_writes_what_it_wrote_when_it_was_recorded(
    shop: Shop,  # noqa: F811
    proxy: FaultProxy,
    script: str,
) -> None:
    SCRIPTS[script](replace(shop, cafe=shop.cafe.at(proxy.kubeconfig)), proxy)
    seen = compared(proxy.writes)
    kept = GOLDEN / f"{script}.txt"
    if os.environ.get("RECORD"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("\n".join(seen) + "\n")
    assert seen == kept.read_text().splitlines()

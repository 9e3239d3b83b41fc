"""`upgrade` towards what is under way already (product: dry run, detach)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubectl_cafe import names
from kubectl_cafe.cli.commands.upgrade import command
from kubectl_cafe.client import paths
from kubectl_cafe.revisions.revision import name_of
from statemachine.lifecycle import State
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release, template
from tests.unit.client.stub import Asked, Reply, Stub

CONFIG = {
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "me"}}],
    "users": [{"name": "me", "user": {"token": "secret"}}],
}


@pytest.fixture
def server() -> Iterator[Stub]:
    """A server with a release to app:v1 that waits for a confirmation, and nothing else."""
    cafe = cafe_object()
    target = name_of("shop", template())
    record = release(State.AWAITING_CONFIRM, to_revision=target)
    cafe["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    stub = Stub(time.time)

    def answer(asked: Asked) -> Reply:
        if asked.path == paths.cafedeployments("stores", "shop"):
            return Reply(body=cafe)
        if asked.query.get("watch"):
            return Reply(chunks=stub.stall())
        return Reply(body={"items": [], "metadata": {"resourceVersion": "1"}})

    stub.script = answer
    yield stub
    stub.close()


@pytest.mark.guard("a-trial-of-what-is-under-way-writes-nothing")
@pytest.mark.parametrize("flag", ["--dry-run=client", "--dry-run=server", "--detach"])
def test_c66_a_release_that_is_under_way_is_not_driven_by(
    flag: str, server: Stub, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    clusters = [{"name": "c", "cluster": {"server": server.url}}]
    config.write_text(json.dumps({**CONFIG, "clusters": clusters}))

    args = ["shop", "-n", "stores", "--kubeconfig", str(config), "--yes", flag]
    done = CliRunner().invoke(command, args, standalone_mode=False)

    assert done.return_value == 0, done.output
    assert {asked.method for asked in server.asked} == {"GET"}

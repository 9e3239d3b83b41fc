"""docs/limits.md says what the code and the CRD hold, and docs/sizing.md what they come to."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from msgspec.structs import replace

from kubectl_cafe import annotations
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cli.options import Duration
from kubectl_cafe.client import lease, lease_view, watch
from kubectl_cafe.driver import fencing, writers
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.releasable import refuse_unsupported
from kubectl_cafe.pods import done, restarted
from kubectl_cafe.podsets import cells, kinds
from kubectl_cafe.printers import version
from kubectl_cafe.reconcile import group_progress, previous_group
from kubectl_cafe.reconcile.availability import limit_of
from kubectl_cafe.record import events
from kubectl_cafe.release import outcome
from kubectl_cafe.revisions import revision
from kubectl_cafe.status.estimate import remaining
from kubectl_cafe.times import rfc3339
from statemachine import record, record_json
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind, UpgradeType, sizes, steps
from tests.unit.builders import START, release

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LIMITS = (DOCS / "limits.md").read_text(encoding="utf-8")
SIZING = (DOCS / "sizing.md").read_text(encoding="utf-8")
CRD = yaml.safe_load((ROOT / "kubectl_cafe" / "manifests" / "crd.yaml").read_text(encoding="utf-8"))
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SPEC: dict[str, Any] = SCHEMA["properties"]["spec"]["properties"]
STRATEGY: dict[str, Any] = SPEC["strategy"]["properties"]
TOPOLOGY: dict[str, Any] = SPEC["topology"]["properties"]
WHOLE = record.Strategy()
"""The defaults of a release whose CafeDeployment says nothing."""


def minor(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def at_least(field: str, default: str = "") -> str:
    found = STRATEGY[field]
    return f"{found['minimum']} or more, default {default or found['default']}"


HELD = {
    "name of a CafeDeployment": f"{revision.LONGEST_OWNER} characters",
    "name of a cell": f"{TOPOLOGY['values']['items']['maxLength']} characters",
    "name of a ReplicaSet of a cell": f"{cells.NAME_LIMIT} characters",
    "labels in `selector.matchLabels`": str(
        SPEC["selector"]["properties"]["matchLabels"]["maxProperties"]
    ),
    "pods of a CafeDeployment": f"{record.PODS_LIMIT:,}",
    "cells in `topology.values`": str(TOPOLOGY["values"]["maxItems"]),
    "`strategy.trafficFinalizers`": str(STRATEGY["trafficFinalizers"]["maxItems"]),
    "`historyLimit`": "{minimum} to {maximum}, default {default}".format(**SPEC["historyLimit"]),
    "writes of pods at a time": str(writers.WORKERS),
    "`batchSize`": at_least("batchSize", "all pods"),
    "`maxUnavailable`": (
        f"1 or more, or 1% to 100%, default {STRATEGY['maxUnavailable']['default']}"
    ),
    "`minReadySeconds`": at_least("minReadySeconds"),
    "`drainSeconds`": at_least("drainSeconds"),
    "`progressDeadlineSeconds`": at_least("progressDeadlineSeconds"),
    "`--reason`": f"{record.TEXT_LIMIT} characters",
    "message of an Event": f"{events.MESSAGE_LIMIT:,} characters",
    "journal of a running release": f"{record_json.JOURNAL_LIMIT} moves",
    "record of a release": f"{record_json.SIZE_LIMIT // 1024} KiB",
    "annotations of one object": f"{annotations.TOTAL // 1024} KiB",
    "lease of the driver": f"{lease_view.DURATION} s, renewed every {lease.RENEWAL:.0f} s",
    "takeover": f"{lease_view.DURATION + lease_view.MARGIN:.0f} s without a renewal",
    "fencing at a takeover": f"{fencing.LONGEST:.0f} s without a success",
    "a container that cannot start": f"{done.FAILS_AFTER:.0f} s",
    "an unready pod of the group before": f"{previous_group.TOLERANCE:.0f} s",
    "silence of a watch": f"{watch.IDLE:.0f} s",
    "API server": " to ".join(map(minor, version.LAST_FOUR)),
    "kubelet": minor(version.SAYS_WHAT_IT_SAW),
}
"""By its first column what each row of limits.md has in its second."""


def rows(page: str, width: int) -> list[list[str]]:
    """The cells of every row of the tables of `width` columns, without heads and rules."""
    tables = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    found = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
        for table in tables
    ]
    return [row for table in found for row in table if len(row) == width]


def test_every_limit_of_the_page_is_the_one_that_the_code_or_the_crd_holds() -> None:
    assert {what: limit for what, limit, _why, _beyond in rows(LIMITS, 4)} == HELD


def test_the_limits_that_stand_in_two_places_are_the_same_in_both() -> None:
    assert f"size(self.metadata.name) <= {revision.LONGEST_OWNER}" in str(SCHEMA)
    assert SPEC["historyLimit"]["default"] == outcome.HISTORY_LIMIT
    assert fencing.WORKERS == writers.WORKERS
    assert group_progress.REFUSED_FOR == done.FAILS_AFTER
    assert {
        field: STRATEGY[field]["default"]
        for field in (
            "maxUnavailable",
            "minReadySeconds",
            "drainSeconds",
            "progressDeadlineSeconds",
        )
    } == {
        "maxUnavailable": WHOLE.max_unavailable,
        "minReadySeconds": WHOLE.min_ready_seconds,
        "drainSeconds": WHOLE.drain_seconds,
        "progressDeadlineSeconds": WHOLE.progress_deadline_seconds,
    }


@pytest.mark.parametrize(
    "said",
    [
        f"stops its writes {lease.DEADLINE:.0f} s after its last renewal",
        f"more than {lease_view.SKEW:.0f} s past its end",
        f"has not changed for {restarted.KILL_MARGIN:.0f} seconds and the grace period",
    ],
)
def test_the_numbers_beside_the_limits_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(LIMITS.split())


def test_the_page_lists_every_field_that_a_release_refuses_and_no_other() -> None:
    topology = {"autoReschedule": {"enable": True}}
    selector = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}
    spec = {"podSetType": "StatefulSet", "volumeClaimTemplates": [{}], "serviceName": "shop"}
    whole = {**spec, "topology": topology, "selector": selector}
    meta = {"name": "shop", "namespace": "stores", "uid": "u", "resourceVersion": "1"}
    with pytest.raises(Refused) as refused:
        refuse_unsupported(CafeDeployment({"metadata": meta, "spec": whole}))

    fields = {field.strip("`"): values for field, values in rows(LIMITS, 2)}
    assert set(re.findall(r"spec\.[\w.]+\w", refused.value.message)) == set(fields)
    kept = set(SPEC["podSetType"]["enum"]) - set(kinds.KINDS)
    assert fields["spec.podSetType"] == ", ".join(f"`{kind}`" for kind in sorted(kept))


def test_the_times_of_the_page_are_read_or_refused_as_it_says() -> None:
    accepted, refused = re.split(r"means no limit", LIMITS.partition("`--timeout` and")[2])[:2]
    known = Duration()
    for text in re.findall(r"`([\d.]\S*)`", accepted):
        known.convert(text, None, None)
    wrong = re.findall(r"\(`(\S+)`\)", refused.partition("exit code")[0])
    assert len(wrong) == 3
    for text in wrong:
        with pytest.raises(click.UsageError):
            known.convert(text, None, None)


def example(row: list[str]) -> tuple[int, int, int, int]:
    """Groups, waves and seconds of a row of sizing.md, and the waves that no budget would need."""
    pods, of_cells, batch, limit, room = row[:5]
    share, more = divmod(int(pods), int(of_cells))
    spread = {str(cell): share + (cell < more) for cell in range(int(of_cells))}
    size = None if batch == "all" else int(batch)
    groups = [
        sum(taken.values())
        for taken in sizes(steps(Kind.UPGRADE, spread, UpgradeType.BETA, size), {}, {}).values()
    ]
    window = limit_of(limit, int(pods))
    narrow = window if room == "-" else min(window, int(room))
    waves = sum(ceil(count / narrow) for count in groups)
    return len(groups), waves, 60 * waves, sum(ceil(count / window) for count in groups)


EXAMPLES = rows(SIZING, 8)


def test_the_sizing_page_has_examples_of_100_and_of_1000_pods() -> None:
    assert {"100", "1000"} <= {row[0] for row in EXAMPLES}


@pytest.mark.parametrize("row", EXAMPLES, ids=" ".join)
def test_each_example_of_the_sizing_page_comes_to_the_time_that_it_says(row: list[str]) -> None:
    groups, waves, seconds, _ = example(row)
    assert row[5:] == [str(groups), str(waves), f"{seconds // 60} min"]


@pytest.mark.parametrize("row", EXAMPLES, ids=" ".join)
def test_the_product_estimates_what_the_formula_of_the_page_says(row: list[str]) -> None:
    """After the Beta group, of one wave; a budget of others is not in the estimate."""
    pods, of_cells, batch, limit = row[:4]
    share, more = divmod(int(pods), int(of_cells))
    spread = {str(cell): share + (cell < more) for cell in range(int(of_cells))}
    begun = Entry(rfc3339(START), Trigger.START, State.PROGRESSING, "alice")
    over = Entry(rfc3339(START + 60), Trigger.STEP_DONE, State.PROGRESSING, "alice", group=2)
    wish = release(
        State.PROGRESSING,
        cells=spread,
        upgrade_type=UpgradeType.BETA,
        batch_size=None if batch == "all" else int(batch),
        max_unavailable=limit,
        journal=(begun, over),
        since=over.at,
    )
    waves = example(row)[3]
    assert remaining(replace(wish, step=1), START + 60) == pytest.approx(60 * (waves - 1))

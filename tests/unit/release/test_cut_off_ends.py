"""A release's end that is cut off at any write leaves its record once, and the next command's."""

from __future__ import annotations

from contextlib import suppress

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.record import release_record, store
from kubectl_cafe.release.outcome import conclude, prune
from kubectl_cafe.revisions.revision import SUPERSEDED
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Record
from statemachine.record_json import encode
from tests.memcluster import MemCluster
from tests.memcluster.requests import Fault, Killed
from tests.unit.builders import REVISIONS, START, cafe_object, release, stored_object
from tests.unit.server import Hand

SPACE, NAME = "stores", "shop"
OLD = tuple(
    release(State.COMPLETED, id=f"r-{n}", step=3, started=rfc3339(START - n), to_revision="v2")
    for n in (40, 30, 20)
)
LIMIT = 1
"""spec.historyLimit: of the old releases none but the last is kept."""


def carrying(record: Record) -> MemCluster:
    """A cluster whose CafeDeployment carries `record`, with three releases stored before."""
    cluster = MemCluster(clock=Hand())
    cluster.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    body = cafe_object(historyLimit=LIMIT)
    body["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    cluster.put(paths.cafedeployments(SPACE, NAME), body)
    for old in OLD:
        stored = stored_object(old)
        cluster.put(paths.controllerrevisions(SPACE, stored["metadata"]["name"]), stored)
    return cluster


def end(cluster: MemCluster) -> None:
    """What the driver, or the next command, does once the release has ended."""
    cafe, known = store.read(cluster, SPACE, NAME), tuple(REVISIONS.values())
    conclude(cluster, cafe, known)
    prune(cluster, cafe, known, (), ())


def outcomes(cluster: MemCluster) -> dict[str, str]:
    """The outcomes of the stored releases, by their ids."""
    stored = direct_reads.read_records(cluster, store.read(cluster, SPACE, NAME))
    return {one.id: one.outcome for one in release_record.releases(stored)}


ENDED = release(State.COMPLETED, id="r-1", step=3)


def undisturbed() -> tuple[int, dict[str, str]]:
    """The number of writes of an end, and the records that it leaves."""
    cluster = carrying(ENDED)
    end(cluster)
    return len(cluster.attempted), outcomes(cluster)


WRITES, EXPECTED = undisturbed()


def test_an_end_stores_its_release_and_deletes_the_oldest_ones() -> None:
    assert WRITES > 1
    assert EXPECTED["r-1"] == "Completed"
    assert len(EXPECTED) < len(OLD) + 1


@pytest.mark.parametrize("late", [False, True], ids=["never arrives", "arrives later"])
@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_driver_that_is_killed_at_a_write_of_the_end_neither_loses_nor_doubles_a_record(
    write: int, late: bool
) -> None:
    cluster = carrying(ENDED)
    cluster.faults = {write: Fault.KILLED}
    with pytest.raises(Killed):
        end(cluster)
    cluster.faults = {}

    end(cluster)
    for request in cluster.delayed if late else ():
        if request.create:
            with suppress(ApiError):  # It exists by now.
                cluster.create(request.path, request.body)
    end(cluster)

    assert outcomes(cluster) == EXPECTED


def test_a_release_that_ends_after_a_supersede_was_cut_off_keeps_its_own_outcome() -> None:
    """The record as superseded is stored, the new release never begins, the old one completes."""
    cluster = carrying(structs.replace(ENDED, state=State.PROGRESSING, step=0))
    cafe = store.read(cluster, SPACE, NAME)
    conclude(cluster, cafe, REVISIONS.values(), superseded=True)
    assert outcomes(cluster)["r-1"] == SUPERSEDED

    store.write(cluster, cafe, ENDED)
    end(cluster)

    assert outcomes(cluster) == EXPECTED

"""One look by plain lists (protocol 4; C72)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Forbidden
from kubectl_cafe.client.transport import Listing
from kubectl_cafe.record.store import Missing
from statemachine.lifecycle import State
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release
from tests.unit.server import CR, Server

SECONDS = 20.0


class Lists(Server):
    """Answers every list, slimmed or not, and tells `asked` of each path before it answers."""

    def __init__(self, asked: Callable[[str], None], state: State | None = State.COMPLETED) -> None:
        super().__init__({CR: cafe_object()})
        self._asked = asked
        if state is not None:
            self.moves_to(state)

    def moves_to(self, state: State) -> None:
        """From now on its release is in this state."""
        meta = self.objects[CR]["metadata"]
        meta["annotations"] = {names.RELEASE: encode(release(uid=meta["uid"], state=state))}

    def get(self, path: str, query: Any = None, *, timeout: float | None = None) -> dict[str, Any]:
        self._asked(path)
        return super().get(path, query, timeout=timeout)

    def get_or_none(self, path: str, query: Any = None, *, timeout: float | None = None) -> None:
        self._asked(path)

    def list(self, path: str, query: Any = None, slim: Any = None) -> Listing:
        self._asked(path)
        return Listing([], "100")


def once(server: Server, name: str = "shop") -> direct_reads.Observation:
    """A look through `server`."""
    return direct_reads.once(server, "stores", name)  # type: ignore[arg-type]


def test_what_does_not_depend_on_the_cafedeployment_is_asked_for_beside_it() -> None:
    met = threading.Barrier(4)
    at_once = {CR, paths.leases("stores", "cafe-shop")}
    at_once |= {paths.services("stores"), paths.endpointslices("stores")}

    def asked(path: str) -> None:
        if path in at_once:
            met.wait(SECONDS)

    assert once(Lists(asked)).snapshot is not None


def test_what_it_names_is_asked_for_once_it_is_there() -> None:
    asked: list[str] = []

    once(Lists(asked.append))

    later = [paths.controllerrevisions("stores"), paths.pods("stores"), paths.replicasets("stores")]
    assert all(asked.index(path) > asked.index(CR) for path in later)
    assert len(asked) == len(set(asked)) == 8


def test_without_a_record_there_is_no_view() -> None:
    seen = once(Lists(lambda _path: None, state=None))

    assert (seen.snapshot, seen.waits, seen.lost, seen.lease.holder) == (None, (), [], None)


def test_a_driver_that_ends_the_release_meanwhile_has_not_abandoned_it() -> None:
    read: list[str] = []
    lease = paths.leases("stores", "cafe-shop")

    def asked(path: str) -> None:
        read.append(path)
        if path == lease and read.count(lease) == 2:
            server.moves_to(State.COMPLETED)

    server = Lists(asked, State.PROGRESSING)
    seen = once(server)

    assert (seen.cafe.position.state, seen.lease.holder) == (State.COMPLETED, None)


def test_a_release_that_nobody_drives_is_read_once_more_after_the_lease() -> None:
    read: list[str] = []
    lease = paths.leases("stores", "cafe-shop")

    seen = once(Lists(read.append, State.PROGRESSING))

    assert seen.cafe.position.state is State.PROGRESSING
    assert [path for path in read if path in (CR, lease)][-2:] == [lease, CR]


def test_a_list_that_is_forbidden_is_an_error_and_no_empty_list() -> None:
    def asked(path: str) -> None:
        if path == paths.poddisruptionbudgets("stores"):
            raise Forbidden("you may not", where=path)

    with pytest.raises(Forbidden, match="you may not"):
        once(Lists(asked))


def test_one_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(Missing, match='there is no CafeDeployment "shap"'):
        once(Lists(lambda _path: None), "shap")

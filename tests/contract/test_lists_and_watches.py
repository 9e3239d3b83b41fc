"""What lists and watches show."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from kubectl_cafe.client import errors, paths, transport
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.client.watch import Informer


def test_a_list_in_pages_is_whole_and_of_one_moment(
    server: Transport, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        body = {"metadata": {"name": f"page-{number}", "labels": {"pages": "yes"}}}
        server.create(paths.configmaps(namespace), body)
    monkeypatch.setattr(transport, "PAGE", 2)
    listing = server.list(paths.configmaps(namespace), {"labelSelector": "pages=yes"})
    assert [item["metadata"]["name"] for item in listing.items] == [
        f"page-{number}" for number in range(5)
    ]
    assert int(listing.resource_version) > 0


def test_the_informer_sees_what_is_there_and_then_every_change_in_order(
    server: Transport, namespace: str
) -> None:
    told: queue.Queue[tuple[str, Any]] = queue.Queue()
    path = paths.configmaps(namespace)
    server.create(path, {"metadata": {"name": "seen", "labels": {"watched": "yes"}}})
    informer = Informer(
        server,
        path,
        {"labelSelector": "watched=yes"},
        on_sync=lambda items: told.put(("SYNC", [item["metadata"]["name"] for item in items])),
        on_event=lambda kind, item: told.put((kind, item.get("data"))),
    )
    informer.start()
    try:
        assert told.get(timeout=10) == ("SYNC", ["seen"])
        one = paths.configmaps(namespace, "seen")
        server.patch(one, {"data": {"a": "1"}}, PatchKind.MERGE)
        server.patch(one, {"data": {"a": "2"}}, PatchKind.MERGE)
        server.delete(one)
        assert [told.get(timeout=10) for _ in range(3)] == [
            ("MODIFIED", {"a": "1"}),
            ("MODIFIED", {"a": "2"}),
            ("DELETED", {"a": "2"}),
        ]
        assert informer.failed is None
    finally:
        informer.stop()
        informer.join(5)
    assert not informer.is_alive()


def test_an_object_that_stops_matching_is_deleted_for_a_watch_and_added_when_it_matches_again(
    server: Transport, namespace: str
) -> None:
    """Its last event carries what it was, at the resourceVersion of the change."""
    made = server.create(
        paths.configmaps(namespace), {"metadata": {"name": "left", "labels": {"in": "yes"}}}
    )
    one = paths.configmaps(namespace, "left")
    changed = [
        server.patch(one, {"metadata": {"labels": {"in": value}}}, PatchKind.MERGE)
        for value in ("no", "never", "yes")
    ]
    query = {
        "labelSelector": "in=yes",
        "resourceVersion": made["metadata"]["resourceVersion"],
        "timeoutSeconds": "5",
    }
    seen: list[tuple[str, str, str]] = []
    with server.stream(paths.configmaps(namespace), query) as events:
        for event in events:
            meta = event.object["metadata"]
            seen.append((event.type, meta["labels"]["in"], meta["resourceVersion"]))
            if len(seen) == 2:
                break

    left, _, back = (item["metadata"]["resourceVersion"] for item in changed)
    assert seen == [("DELETED", "yes", left), ("ADDED", "yes", back)]


def test_a_watch_from_a_forgotten_version_says_expired(server: Transport, things: str) -> None:
    query = {"resourceVersion": "1", "timeoutSeconds": "5"}
    with pytest.raises(errors.Expired), server.stream(things, query) as events:
        list(events)

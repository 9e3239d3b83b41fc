"""The audit log counts honestly."""

from __future__ import annotations

from testbed.audit import Audit
from testbed.client import Client, Refused
from testbed.controlplane import ControlPlane


def test_who_asked_for_what_is_counted(
    control_plane: ControlPlane, namespace: str, audit: Audit
) -> None:
    one = Client.of(control_plane, namespace, user_agent="counted")
    one.create("configmaps", {"metadata": {"name": "a"}})
    one.patch("configmaps", "a", {"data": {}})
    one.list("configmaps")
    found = audit.requests("counted", namespace)
    assert [(r.verb, r.resource, r.name, r.code) for r in found] == [
        ("create", "configmaps", "a", 201),
        ("patch", "configmaps", "a", 200),
        ("list", "configmaps", "", 200),
    ]
    assert [r.verb for r in audit.writes("counted", namespace)] == ["create", "patch"]


def test_a_watch_counts_once_and_from_its_start(
    control_plane: ControlPlane, namespace: str, audit: Audit
) -> None:
    one = Client.of(control_plane, namespace, user_agent="counted")
    events = one.watch("configmaps", seconds=1)
    next(events)
    assert [r.verb for r in audit.requests("counted", namespace)] == ["watch"]
    assert list(events) is not None
    assert [r.verb for r in audit.requests("counted", namespace)] == ["watch"]


def test_what_came_before_is_not_counted(control_plane: ControlPlane, namespace: str) -> None:
    one = Client.of(control_plane, namespace, user_agent="counted")
    one.list("configmaps")
    audit = Audit.of(control_plane).from_now_on()
    assert audit.requests("counted", namespace) == []


def test_a_person_without_rights_is_refused_and_counted(
    control_plane: ControlPlane, namespace: str, audit: Audit
) -> None:
    nobody = Client.of(control_plane, namespace, user="nobody")
    try:
        nobody.list("pods")
        code = 200
    except Refused as error:
        code = error.code
    assert code == 403
    assert [(r.user, r.code) for r in audit.requests(where=lambda r: r.user == "nobody")] == [
        ("nobody", 403)
    ]

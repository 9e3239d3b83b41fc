"""`version` on a cluster of its own, before and after `init`."""

from __future__ import annotations

from tests.integration.bench import Bench


def test_version_names_a_missing_resource_and_the_next_command(bench: Bench) -> None:
    done = bench.cafe("version")

    assert done.code == 0
    assert "Server Version: v1." in done.out
    assert "Resource Version: not installed" in done.out
    assert done.err.endswith("next: kubectl cafe init\n")


def test_version_after_init_has_nothing_to_complain_about(bench: Bench) -> None:
    bench.cafe("init")

    done = bench.cafe("version", "-o", "json")

    assert (done.code, done.err) == (0, "")
    report = done.document()
    assert report["clientVersion"]["version"] == report["resource"]["installedBy"]
    assert report["resource"]["apiVersions"] == ["apps.cafe.cloud.alipay.com/v1alpha1"]


def test_version_works_for_somebody_without_rights(bench: Bench) -> None:
    bench.cafe("init")

    done = bench.as_user("nobody").cafe("version")

    assert (done.code, done.err) == (0, "")
    assert "Resource Version: apps.cafe.cloud.alipay.com/v1alpha1\n" in done.out


def test_version_prints_the_requests_on_stderr_at_level_6(bench: Bench) -> None:
    done = bench.cafe("version", "-v=6")

    assert f"GET {bench.plane.server}/version 200" in done.err
    assert "GET" not in done.out

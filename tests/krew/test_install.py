"""Installed by the real krew, called through the real kubectl, where there is no Python."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kubectl_cafe.version import VERSION
from testbed.audit import Audit
from testbed.build import binary
from testbed.client import Client
from testbed.krew import Krew
from testbed.waiting import wait_for
from tests.integration.shop import NAME, Shop
from tests.krew.releases import NEWER, Published

# One process unpacks and packs for both modules.
pytestmark = pytest.mark.xdist_group("krew")

INDEX = "ours"
CLIENT = f"Client Version: v{VERSION}\n"


def cafes(krew: Krew) -> list[str]:
    """What in this user's home has the plugin in its name, indexes aside."""
    found = (path.relative_to(krew.home).as_posix() for path in krew.home.rglob("*cafe*"))
    return sorted(path for path in found if not path.startswith(".krew/index/"))


def test_krew_s_own_validator_accepts_the_manifest_and_installs_from_it(
    krew: Krew, published: Published
) -> None:
    command = [binary("validate-krew-manifest"), f"-manifest={published.manifest}"]

    done = subprocess.run(command, capture_output=True, text=True, env=krew.env)

    assert done.returncode == 0, done.stderr
    assert "all 1 spec.platforms installed fine" in done.stderr


def test_an_archive_that_is_another_than_the_manifest_s_is_refused(
    krew: Krew, published: Published, tmp_path: Path
) -> None:
    other = tmp_path / published.archive.name
    other.write_bytes(published.archive.read_bytes() + b"\0")

    done = krew.kubectl("krew", "install", f"--manifest={published.manifest}", f"--archive={other}")

    assert done.code != 0
    assert "checksum does not match" in done.err
    assert cafes(krew) == []


def test_kubectl_runs_the_plugin_that_krew_has_installed(installed: Krew) -> None:
    listed = installed.kubectl("plugin", "list").out
    version = installed.kubectl("cafe", "version", "--client")

    assert str(installed.plugin) in listed
    assert (version.code, version.out, version.err) == (0, CLIENT, "")


def test_a_release_from_the_first_pod_to_the_last_group(
    installed: Krew, client: Client, audit: Audit
) -> None:
    cafe = installed.cafe(client.namespace or "")
    assert cafe("init").code == 0
    shop = Shop(client, cafe, audit)

    shop.born(2, "gate", batchSize=1, confirm=True)
    waits = shop.upgrade("app:v2")
    status = cafe("status", NAME)
    ends = cafe("confirm", NAME, "--group", "2")

    assert waits.code == 3, waits.err
    assert (status.code, "AwaitingConfirm" in status.out) == (0, True)
    assert ends.code == 0, ends.err
    assert (shop.state(), shop.images()) == ("Completed", ["app:v2", "app:v2"])


def test_the_live_view_and_the_report_find_all_that_they_draw_with(
    installed: Krew, client: Client, audit: Audit
) -> None:
    cafe = installed.cafe(client.namespace or "")
    assert cafe("init").code == 0
    Shop(client, cafe, audit).born(1)

    terminal = cafe.at_terminal("status", NAME, "-w")
    try:
        wait_for(lambda: "Completed" in terminal.screen(), "the live view", 30)
    finally:
        terminal.close()
    page = cafe("report", NAME)

    assert (page.code, "--paper:" in page.out) == (0, True), page.err


def test_kubectl_completes_the_plugin_once_its_second_name_is_linked(
    installed: Krew, client: Client, audit: Audit
) -> None:
    where = ("-n", client.namespace or "")
    assert installed.cafe(client.namespace or "")("init").code == 0
    Shop(client, installed.cafe(client.namespace or ""), audit).make()

    linked = installed.kubectl("cafe", "completion", "install", f"--dir={installed.programs}")

    def offered(*words: str) -> list[str]:
        return installed.kubectl("__complete", "cafe", *words).out.splitlines()

    assert linked.code == 0, linked.err
    wait_for(lambda: any(o.startswith(NAME) for o in offered("status", *where, "")), "its name")
    assert "confirm\tConfirm the waiting group and continue the release" in offered("conf")


def test_an_upgrade_comes_from_the_index_and_nothing_of_the_old_version_stays(
    krew: Krew, published: Published, newer: Path
) -> None:
    krew.krew("index", "add", INDEX, str(published.indexed()))
    krew.krew("install", f"{INDEX}/cafe")
    assert krew.kubectl("cafe", "version", "--client").out == CLIENT

    published.publish(newer, NEWER)
    published.indexed()
    krew.krew("upgrade", "cafe")

    assert krew.kubectl("cafe", "version", "--client").out == f"Client Version: v{NEWER}\n"
    assert os.listdir(krew.root / "store" / "cafe") == [f"v{NEWER}"]


def test_the_second_name_leads_to_the_new_version_after_an_upgrade(
    krew: Krew, published: Published, newer: Path
) -> None:
    krew.krew("index", "add", INDEX, str(published.indexed()))
    krew.krew("install", f"{INDEX}/cafe")
    linked = krew.kubectl("cafe", "completion", "install", f"--dir={krew.programs}")
    assert linked.code == 0, linked.err

    published.publish(newer, NEWER)
    published.indexed()
    krew.krew("upgrade", "cafe")

    assert krew.kubectl("__complete", "cafe", "vers").out.startswith("version\t")


def test_uninstalled_nothing_is_left(krew: Krew, published: Published) -> None:
    krew.krew("index", "add", INDEX, str(published.indexed()))
    krew.krew("install", f"{INDEX}/cafe")
    assert krew.kubectl("cafe", "version").code == 0
    assert cafes(krew) != []

    krew.krew("uninstall", "cafe")

    assert cafes(krew) == []
    assert krew.kubectl("cafe", "version").code != 0

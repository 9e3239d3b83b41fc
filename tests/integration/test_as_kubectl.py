"""The same flags, files and environment lead the plugin and the real kubectl to the same place.

Both ask for one CafeDeployment that isn't there; the audit log says who asked as whom, in which
namespace. Where one of them sends nothing, the other sends nothing, and both say so by exit code 1.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from testbed.audit import Audit, Request
from testbed.build import binary
from testbed.controlplane import ControlPlane, free_ports
from testbed.plugin import LEFT_OUT, PROGRAM

Json = dict[str, Any]


class Who(NamedTuple):
    """Whose credentials, as whom, where, by the audit log."""

    user: str
    acting: str
    namespace: str
    verb: str


class Seen(NamedTuple):
    """What became of a command: its exit code, and who asked (None: nobody arrived)."""

    code: int
    who: Who | None


Both = Callable[..., tuple[Seen, Seen]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """kubectl's discovery cache, so that it is filled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def config(control_plane: ControlPlane, tmp_path: Path) -> Path:
    """Two contexts, two users, two clusters (one of them at a wrong address)."""
    (tmp_path / "ca.crt").write_bytes(control_plane.ca.read_bytes())
    (port,) = free_ports(1)
    clusters = {
        "here": {"server": control_plane.server, "certificate-authority": "ca.crt"},
        "nowhere": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True},
    }
    contexts = {
        "first": {"cluster": "here", "user": "admin", "namespace": "of-first"},
        "second": {"cluster": "here", "user": "viewer"},
        "third": {"cluster": "nowhere", "user": "admin", "namespace": "of-third"},
    }
    users: Json = {name: {"token": control_plane.token(name)} for name in ("admin", "viewer")}
    users["acting"] = {**users["admin"], "as": "eve", "as-groups": ["g1", "g2"], "as-uid": "7"}
    return write(tmp_path / "config", "first", clusters, contexts, users)


def write(path: Path, current: str, clusters: Json, contexts: Json, users: Json) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": name, "cluster": entry} for name, entry in clusters.items()],
        "contexts": [{"name": name, "context": entry} for name, entry in contexts.items()],
        "users": [{"name": name, "user": entry} for name, entry in users.items()],
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def both(installed: None, control_plane: ControlPlane, config: Path, cache: Path) -> Both:
    """What becomes of kubectl's and of our request with the same flags and environment."""

    def ask(*flags: str, **environment: str) -> tuple[Seen, Seen]:
        env = {key: value for key, value in os.environ.items() if not key.startswith(LEFT_OUT)}
        env |= {"KUBECONFIG": str(config), "HOME": str(config.parent), **environment}
        names = [f"none-{secrets.token_hex(6)}" for _ in range(2)]
        kubectl = [str(binary("kubectl")), "get", "cafed", names[0], f"--cache-dir={cache}"]
        ours = [str(PROGRAM), "status", names[1]]
        # No flush before: nobody else asks for these names.
        audit = Audit.from_the_end(control_plane)
        runs = [subprocess.Popen([*run, *flags], env=env, **SILENT) for run in (kubectl, ours)]
        codes = [run.wait(60) for run in runs]
        asked = {request.name: request for request in audit.requests(where=named(names))}
        first, second = (
            Seen(code, who(asked.get(name))) for code, name in zip(codes, names, strict=True)
        )
        return first, second

    return ask


SILENT: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def named(names: list[str]) -> Callable[[Request], bool]:
    return lambda request: request.name in names


def who(request: Request | None) -> Who | None:
    if request is None:
        return None
    return Who(request.user, request.acting, request.namespace, request.verb)


SAME_PLACE: dict[str, tuple[tuple[str, ...], str, str]] = {
    "no flag": ((), "admin", "of-first"),
    "-n": (("-n", "mine"), "admin", "mine"),
    "-n=": (("-n=mine",), "admin", "mine"),
    "--namespace=": (("--namespace=mine",), "admin", "mine"),
    "--context": (("--context", "second"), "viewer", "default"),
    "--user": (("--user", "viewer"), "viewer", "of-first"),
    "--cluster": (("--context", "third", "--cluster", "here"), "admin", "of-third"),
    "--as": (("--as", "eve"), "admin", "of-first"),
    "--as-group": (("--as", "eve", "--as-group", "a", "--as-group", "b"), "admin", "of-first"),
    "--as-uid": (("--as", "eve", "--as-uid", "12"), "admin", "of-first"),
    "--as-user-extra": (
        ("--as", "eve", "--as-user-extra", "a/b=x", "--as-user-extra", "a/b=y"),
        "admin",
        "of-first",
    ),
    "the user's own as": (("--user", "acting"), "admin", "of-first"),
    "--as over the user's own": (("--user", "acting", "--as", "jane"), "admin", "of-first"),
    "--request-timeout": (("--request-timeout", "1m30s"), "admin", "of-first"),
    "--request-timeout in seconds": (("--request-timeout=30",), "admin", "of-first"),
    "--insecure-skip-tls-verify": (("--insecure-skip-tls-verify",), "admin", "of-first"),
    "--insecure-skip-tls-verify=true": (("--insecure-skip-tls-verify=true",), "admin", "of-first"),
    "--tls-server-name": (("--tls-server-name", "kubernetes"), "admin", "of-first"),
}


@pytest.mark.parametrize(("flags", "user", "space"), SAME_PLACE.values(), ids=list(SAME_PLACE))
def test_flags_lead_to_the_same_user_and_namespace(
    both: Both, flags: tuple[str, ...], user: str, space: str
) -> None:
    kubectl, ours = both(*flags)

    assert ours == kubectl
    assert ours.code == 1
    assert ours.who
    assert (ours.who.user, ours.who.namespace, ours.who.verb) == (user, space, "get")


def test_a_token_by_flag_is_whose_it_is(both: Both, control_plane: ControlPlane) -> None:
    kubectl, ours = both("--token", control_plane.token("viewer"))

    assert ours == kubectl
    assert ours.who
    assert ours.who.user == "viewer"


def test_a_server_and_a_ca_by_flag_are_where_it_goes(
    both: Both, control_plane: ControlPlane, config: Path
) -> None:
    flags = ("--context", "third", "-s", control_plane.server)
    kubectl, ours = both(*flags, "--certificate-authority", str(config.with_name("ca.crt")))

    assert ours == kubectl
    assert ours.who
    assert ours.who.namespace == "of-third"


def test_a_server_and_a_token_need_no_kubeconfig(
    both: Both, control_plane: ControlPlane, tmp_path: Path
) -> None:
    flags = ("-s", control_plane.server, "--token", control_plane.token("viewer"))
    kubectl, ours = both(*flags, "--insecure-skip-tls-verify", KUBECONFIG=str(tmp_path / "none"))

    assert ours == kubectl
    assert ours.who
    assert (ours.who.user, ours.who.namespace) == ("viewer", "default")


def test_of_several_files_the_first_to_set_a_name_or_the_context_wins(
    both: Both, control_plane: ControlPlane, config: Path
) -> None:
    """The first has no current context, but an `admin` who is the viewer."""
    folder = config.parent / "elsewhere"
    folder.mkdir()
    viewer = {"admin": {"token": control_plane.token("viewer")}}
    second = {"cluster": "here", "user": "admin", "namespace": "of-the-one-before"}
    before = write(folder / "before", "", {}, {"second": second}, viewer)
    listed = os.pathsep.join(map(str, (folder / "none", before, config)))

    kubectl, ours = both(KUBECONFIG=listed)
    assert ours == kubectl
    assert ours.who
    assert (ours.who.user, ours.who.namespace) == ("viewer", "of-first")

    kubectl, ours = both("--context", "second", KUBECONFIG=listed)
    assert ours == kubectl
    assert ours.who
    assert ours.who.namespace == "of-the-one-before"


def test_the_kubeconfig_flag_goes_before_the_environment(both: Both, config: Path) -> None:
    kubectl, ours = both("--kubeconfig", str(config), KUBECONFIG="/not/there")

    assert ours == kubectl
    assert ours.who


def test_without_the_environment_it_is_the_one_in_the_home_folder(both: Both, config: Path) -> None:
    home = config.parent / ".kube"
    home.mkdir()
    for file in (config, config.with_name("ca.crt")):
        (home / file.name).write_bytes(file.read_bytes())

    kubectl, ours = both("-n", "mine", KUBECONFIG="")

    assert ours == kubectl
    assert ours.who
    assert ours.who.user == "admin"


def test_an_exec_plugin_says_who_it_is(
    both: Both, control_plane: ControlPlane, config: Path
) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": control_plane.token("viewer")},
    }
    program = config.with_name("plugin")
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(credential)}\nEND\n")
    program.chmod(0o755)
    content = yaml.safe_load(config.read_text())
    version = credential["apiVersion"]
    plugin = {"command": "./plugin", "apiVersion": version, "interactiveMode": "Never"}
    content["users"][0]["user"] = {"exec": plugin}
    config.write_text(yaml.safe_dump(content))

    kubectl, ours = both()

    assert ours == kubectl
    assert ours.who
    assert ours.who.user == "viewer"


REFUSED: dict[str, tuple[str, ...]] = {
    "a context that isn't there": ("--context", "none"),
    "a cluster that isn't there": ("--cluster", "none"),
    "a user that isn't there": ("--user", "none"),
    "a kubeconfig that isn't there": ("--kubeconfig", "/not/there"),
    "a group without a user": ("--as-group", "a"),
    "a uid without a user": ("--as-uid", "7"),
    "a token and a user name": ("--username", "jane", "--password", "x"),
    "a wrong token": ("--token", "wrong"),
    "a CA that isn't there": ("--certificate-authority", "/not/there"),
    "a server that nobody is": ("--context", "third"),
    "a name that the certificate doesn't have": ("--tls-server-name", "other.example"),
    "a key without its certificate's file": ("--client-certificate", "/not/there"),
}


@pytest.mark.parametrize("flags", REFUSED.values(), ids=list(REFUSED))
def test_what_leads_nowhere_ends_both_with_the_same_code(
    both: Both, flags: tuple[str, ...]
) -> None:
    kubectl, ours = both(*flags)

    assert ours == kubectl == (1, None)

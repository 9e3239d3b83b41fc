"""kubectl's rules for kubeconfigs."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client.access.config import Access, load
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.errors import AccessError

Write = Callable[..., Path]


def cluster(url: str = "https://127.0.0.1:1") -> dict[str, Any]:
    return {"server": url}


def from_files(*paths: Path, **flags: Any) -> Access:
    return load(AccessFlags(**flags), {"KUBECONFIG": os.pathsep.join(map(str, paths))})


def token_of(access: Access) -> str | None:
    return access.connect(1).authorization.get("Authorization")


def test_the_first_file_that_sets_the_current_context_wins(kubeconfig: Write) -> None:
    one = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster("http://one")})
    two = kubeconfig("two", "b", {"b": {"cluster": "d"}}, {"d": cluster("http://two")})
    assert from_files(one, two).server == "http://one"
    assert from_files(two, one).server == "http://two"


def test_a_context_that_looks_like_the_one_that_was_typed_is_suggested(kubeconfig: Write) -> None:
    contexts = {"production": {"cluster": "c"}, "staging": {"cluster": "c"}}
    path = kubeconfig("one", "staging", contexts, {"c": cluster()})

    with pytest.raises(AccessError, match="did you mean production"):
        from_files(path, context="prodcution")


def test_a_file_without_current_context_leaves_it_to_the_next(kubeconfig: Write) -> None:
    one = kubeconfig("one", "", {}, {"d": cluster("http://one")})
    two = kubeconfig("two", "b", {"b": {"cluster": "d"}}, {"d": cluster("http://two")})
    access = from_files(one, two)
    assert access.context == "b"
    assert access.server == "http://one"


def test_files_of_the_list_that_do_not_exist_are_passed_over(
    kubeconfig: Write, tmp_path: Path
) -> None:
    one = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster("http://one")})
    assert from_files(tmp_path / "none", one).server == "http://one"


def test_a_kubeconfig_flag_that_names_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AccessError) as caught:
        load(AccessFlags(kubeconfig=str(tmp_path / "none")))
    assert caught.value.where == str(tmp_path / "none")


def test_an_unknown_context_lists_those_that_there_are(kubeconfig: Write) -> None:
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}, "b": {"cluster": "c"}}, {"c": cluster()})
    with pytest.raises(AccessError) as caught:
        load(AccessFlags(kubeconfig=str(path), context="prod"))
    assert "'prod'" in caught.value.message
    assert "contexts: a, b" in caught.value.message
    assert caught.value.hint == "kubectl config get-contexts"


def test_an_unknown_user_lists_those_that_there_are(kubeconfig: Write) -> None:
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster()}, {"me": {}})
    with pytest.raises(AccessError, match="users: me"):
        load(AccessFlags(kubeconfig=str(path), user="you"))


def test_no_current_context_says_so(kubeconfig: Write) -> None:
    path = kubeconfig("one", "", {"a": {"cluster": "c"}}, {"c": cluster()})
    with pytest.raises(AccessError, match="no current context; its contexts: a"):
        load(AccessFlags(kubeconfig=str(path)))


def test_no_kubeconfig_at_all_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(AccessError) as caught:
        load(environ={"KUBECONFIG": str(tmp_path / "none")})
    assert str(tmp_path / "none") in caught.value.where
    assert "--kubeconfig" in caught.value.hint


def test_a_kubeconfig_that_is_no_yaml_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("a: [")
    with pytest.raises(AccessError) as caught:
        load(AccessFlags(kubeconfig=str(path)))
    assert caught.value.where == str(path)


def test_cluster_and_user_flags_override_the_contexts(kubeconfig: Write) -> None:
    path = kubeconfig(
        "one",
        "a",
        {"a": {"cluster": "c", "user": "me"}},
        {"c": cluster("http://c"), "d": cluster("https://d")},
        {"me": {"token": "mine"}, "you": {"token": "yours"}},
    )
    access = load(AccessFlags(kubeconfig=str(path), cluster="d", user="you"))
    assert access.server == "https://d"
    assert token_of(access) == "Bearer yours"


def test_the_namespace_is_the_flags_else_the_contexts_else_default(kubeconfig: Write) -> None:
    contexts = {"a": {"cluster": "c", "namespace": "shop"}, "b": {"cluster": "c"}}
    path = kubeconfig("one", "a", contexts, {"c": cluster()})
    assert load(AccessFlags(kubeconfig=str(path), namespace="mine")).namespace == "mine"
    assert load(AccessFlags(kubeconfig=str(path))).namespace == "shop"
    assert load(AccessFlags(kubeconfig=str(path), context="b")).namespace == "default"


def test_relative_paths_start_at_the_file_that_has_them(kubeconfig: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    path = kubeconfig(
        "one",
        "a",
        {"a": {"cluster": "c", "user": "me"}},
        {"c": cluster()},
        {"me": {"tokenFile": "token"}},
    )
    assert token_of(load(AccessFlags(kubeconfig=str(path)))) == "Bearer from a file"


def test_groups_without_a_user_to_impersonate_are_an_error(kubeconfig: Write) -> None:
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster()})
    with pytest.raises(AccessError, match="without a user"):
        load(AccessFlags(kubeconfig=str(path), as_groups=("admins",)))


def test_the_kubeconfigs_own_impersonation_is_kept(kubeconfig: Write) -> None:
    path = kubeconfig(
        "one",
        "a",
        {"a": {"cluster": "c", "user": "me"}},
        {"c": cluster()},
        {"me": {"token": "t", "as": "jane", "as-groups": ["x", "z"]}},
    )
    assert load(AccessFlags(kubeconfig=str(path))).headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "x"),
        ("Impersonate-Group", "z"),
    )


def in_a_pod(home: Path) -> dict[str, str]:
    ports = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    return {**ports, "HOME": str(home)}


def test_inside_a_pod_the_service_account_is_used(tmp_path: Path) -> None:
    account = tmp_path / "account"
    account.mkdir()
    for name, content in (("token", "of the pod\n"), ("ca.crt", ""), ("namespace", "shop\n")):
        (account / name).write_text(content)

    access = load(None, in_a_pod(tmp_path), account)

    assert access.server == "https://10.0.0.1:443"
    assert (access.context, access.namespace) == ("", "shop")
    assert token_of(access) == "Bearer of the pod"


def test_a_pod_without_a_token_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="no token of a service account") as caught:
        load(None, in_a_pod(tmp_path), tmp_path)
    assert "automountServiceAccountToken" in caught.value.hint


def plugin(tmp_path: Path, script: str, **extra: Any) -> dict[str, Any]:
    program = tmp_path / "plugin"
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    version = "client.authentication.k8s.io/v1"
    return {"exec": {"command": str(program), "apiVersion": version, **extra}}


def with_user(kubeconfig: Write, user: dict[str, Any]) -> Access:
    contexts = {"a": {"cluster": "c", "user": "me"}}
    path = kubeconfig("one", "a", contexts, {"c": cluster()}, {"me": user})
    return load(AccessFlags(kubeconfig=str(path)))


ANSWER = """
import json
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                  "status": STATUS}))
"""


def test_a_credential_plugins_token_is_used(kubeconfig: Write, tmp_path: Path) -> None:
    user = plugin(tmp_path, ANSWER.replace("STATUS", '{"token": "fresh"}'))
    assert token_of(with_user(kubeconfig, user)) == "Bearer fresh"


def test_a_credential_plugin_that_fails_is_an_error_with_its_words(
    kubeconfig: Write, tmp_path: Path
) -> None:
    user = plugin(tmp_path, "import sys; sys.exit('please log in')")
    with pytest.raises(AccessError, match="please log in") as caught:
        with_user(kubeconfig, user).connect(1)
    assert "users[me].user.exec" in caught.value.where


def test_a_credential_plugin_without_credentials_is_an_error(
    kubeconfig: Write, tmp_path: Path
) -> None:
    user = plugin(tmp_path, ANSWER.replace("STATUS", "{}"))
    with pytest.raises(AccessError, match="neither a token nor a certificate"):
        with_user(kubeconfig, user).connect(1)


def test_a_credential_plugin_that_is_not_installed_gives_its_install_hint(
    kubeconfig: Write, tmp_path: Path
) -> None:
    user = plugin(tmp_path, "", installHint="brew install it")
    user["exec"]["command"] = str(tmp_path / "missing")
    with pytest.raises(AccessError, match="can't be started") as caught:
        with_user(kubeconfig, user).connect(1)
    assert caught.value.hint == "brew install it"


def test_a_user_without_a_home_has_no_kubeconfig_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)

    with pytest.raises(AccessError, match="no kubeconfig"):
        load(environ={})
    with pytest.raises(AccessError, match="kubeconfig file does not exist"):
        load(AccessFlags(kubeconfig="~/config"), environ={})


@pytest.mark.guard("a-pipe-is-a-kubeconfig")
def test_a_pipe_is_read_as_a_file_is(kubeconfig: Write) -> None:
    """What `--kubeconfig <(command)` and /dev/stdin are."""
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster("https://piped")})
    ours, theirs = os.pipe()
    os.write(theirs, path.read_bytes())
    os.close(theirs)

    assert load(AccessFlags(kubeconfig=f"/dev/fd/{ours}")).server == "https://piped"
    os.close(ours)


def test_a_named_pipe_in_the_list_is_read_once(kubeconfig: Write, tmp_path: Path) -> None:
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster("https://piped")})
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(path.read_bytes(),))
    writer.start()

    assert from_files(pipe, tmp_path / "none").server == "https://piped"
    writer.join(5)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_kubeconfig_that_windows_wrote_is_read(kubeconfig: Write, encoding: str) -> None:
    path = kubeconfig("one", "a", {"a": {"cluster": "c"}}, {"c": cluster("https://wide")})
    path.write_text(path.read_text(), encoding=encoding)
    assert from_files(path).server == "https://wide"


def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="Is a directory"):
        load(AccessFlags(kubeconfig=str(tmp_path)))


def test_scalars_mean_what_they_mean_to_kubectl(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        "current-context: 2026-01-02\n"
        "contexts: [{name: 2026-01-02, context: {cluster: 12:30, namespace: 1.2.3}}]\n"
        "clusters: [{name: 12:30, cluster: {server: https://there}}]\n"
    )
    access = from_files(path)
    assert (access.context, access.server, access.namespace) == (
        "2026-01-02",
        "https://there",
        "1.2.3",
    )

"""`init` on a cluster of its own, where nothing is installed yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from testbed.credentials import write_kubeconfig
from testbed.plugin import Outcome
from tests.integration.bench import CRD, ROLES, VIEWER, Bench

NAME = CRD.partition("/")[2]


def edited(crd: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """A stored object as another manager would send it, after `change`."""
    kept = {key: crd["metadata"][key] for key in ("name", "labels")}
    sent = {**{k: crd[k] for k in ("apiVersion", "kind", "spec")}, "metadata": kept}
    change(sent)
    return sent


def test_it_installs_the_resource_and_the_cluster_serves_it_at_once(bench: Bench) -> None:
    done = bench.cafe("init")

    assert done == Outcome(0, f"{CRD} created\n", "")
    listed = bench.kubectl("get", "cafed", "-A")
    assert (listed.code, listed.err) == (0, "No resources found\n")


def test_a_second_time_nothing_is_written(bench: Bench) -> None:
    bench.cafe("init", "--rbac")
    before = {name: bench.stored(name)["metadata"] for name in (CRD, *ROLES)}

    done = bench.cafe("init", "--rbac")

    assert done.out == "".join(f"{name} unchanged\n" for name in (CRD, *ROLES))
    assert {name: bench.stored(name)["metadata"] for name in before} == before


def test_what_an_older_version_installed_is_updated(bench: Bench) -> None:
    bench.cafe("init")
    label = "app.kubernetes.io/version"
    assert bench.kubectl("label", CRD, f"{label}=0.0.1", "--overwrite").code == 0
    bench.kubectl("label", CRD, f"{label}-")

    assert bench.cafe("init").out == f"{CRD} configured\n"


def test_a_resource_of_somebody_else_is_refused_and_left_alone(bench: Bench) -> None:
    bench.cafe("init")
    foreign = edited(bench.stored(), lambda crd: crd["metadata"].update(labels={}))
    bench.kubectl("delete", CRD, "--wait")
    bench.kubectl("create", "-f", "-", "--field-manager=helm", given=foreign)
    before = bench.stored()

    done = bench.cafe("init")

    assert done.code == 7
    assert "was not installed by kubectl-cafe" in done.err
    assert "field managers: helm" in done.err
    assert "next:  kubectl get customresourcedefinition" in done.err
    assert bench.stored() == before


def test_a_foreign_role_is_refused_too(bench: Bench) -> None:
    bench.kubectl("create", "clusterrole", "kubectl-cafe-viewer", "--verb=get", "--resource=pods")

    done = bench.cafe("init", "--rbac")

    assert done.code == 7
    assert "where: ClusterRole kubectl-cafe-viewer" in done.err


def test_nothing_is_installed_when_one_of_several_is_refused(bench: Bench) -> None:
    bench.kubectl("create", "clusterrole", "kubectl-cafe-operator", "--verb=get", "--resource=pods")

    assert bench.cafe("init", "--rbac").code == 7
    assert "NotFound" in bench.kubectl("get", CRD).err
    assert "NotFound" in bench.kubectl("get", VIEWER).err


def test_a_field_that_another_manager_owns_is_a_conflict(bench: Bench) -> None:
    bench.cafe("init")
    theirs = edited(bench.stored(), lambda crd: crd["spec"]["names"].update(shortNames=["cafe"]))
    args = ("apply", "--server-side", "--force-conflicts", "--field-manager=argocd", "-f", "-")
    assert bench.kubectl(*args, given=theirs).code == 0

    done = bench.cafe("init")

    assert done.code == 6
    assert 'conflict with "argocd"' in done.err
    assert "--force-conflicts" in done.err
    assert bench.stored()["spec"]["names"]["shortNames"] == ["cafe"]


def test_taking_fields_from_another_manager_is_asked_first(bench: Bench) -> None:
    bench.cafe("init")
    theirs = edited(bench.stored(), lambda crd: crd["spec"]["names"].update(shortNames=["cafe"]))
    args = ("apply", "--server-side", "--force-conflicts", "--field-manager=argocd", "-f", "-")
    bench.kubectl(*args, given=theirs)

    unasked = bench.cafe("init", "--force-conflicts")
    assert unasked.code == 7
    assert "context:   testbed" in unasked.err
    assert bench.stored()["spec"]["names"]["shortNames"] == ["cafe"]

    assert bench.cafe("init", "--force-conflicts", "--yes").code == 0
    assert bench.stored()["spec"]["names"]["shortNames"] == ["cafed"]


def test_the_client_s_dry_run_needs_no_cluster_and_prints_what_gitops_applies(
    bench: Bench, tmp_path: Path
) -> None:
    nowhere = Bench(bench.plane, tmp_path / "missing")

    done = nowhere.cafe("init", "--rbac", "--dry-run=client", "-o", "yaml")

    assert done.code == 0
    kinds = [document["kind"] for document in yaml.safe_load_all(done.out)]
    assert kinds == ["CustomResourceDefinition", *["ClusterRole"] * len(ROLES)]
    file = tmp_path / "cafe.yaml"
    file.write_text(done.out)
    applied = bench.kubectl("apply", "--server-side", "--field-manager=argocd", "-f", str(file))
    assert applied.code == 0, applied.err
    assert bench.cafe("init", "--rbac").out.count("unchanged") == 1 + len(ROLES)


def test_the_client_s_dry_run_says_that_it_is_one(bench: Bench) -> None:
    assert bench.cafe("init", "--dry-run=client").out == f"{CRD} created (dry run)\n"


def test_the_server_s_dry_run_stores_nothing(bench: Bench) -> None:
    done = bench.cafe("init", "--rbac", "--dry-run=server")

    assert done.code == 0
    assert done.out.count("created (server dry run)") == 1 + len(ROLES)
    assert "NotFound" in bench.kubectl("get", CRD).err


def test_the_server_s_dry_run_of_what_is_there_says_unchanged(bench: Bench) -> None:
    bench.cafe("init")

    assert bench.cafe("init", "--dry-run=server").out == f"{CRD} unchanged (server dry run)\n"


def test_names_alone_on_request(bench: Bench) -> None:
    assert bench.cafe("init", "--rbac", "-o", "name").out.split() == [CRD, *ROLES]


def test_json_is_one_object_or_one_list(bench: Bench) -> None:
    one = bench.cafe("init", "-o", "json").document()
    many = bench.cafe("init", "--rbac", "-o", "json").document()

    assert one["metadata"]["name"] == NAME
    assert [item["kind"] for item in many["items"]].count("ClusterRole") == len(ROLES)


def test_without_the_right_to_install_it_says_who_could_and_how(bench: Bench) -> None:
    done = bench.as_user("nobody").cafe("init")

    assert done.code == 1
    assert 'User "nobody" cannot' in done.err
    assert "next:  kubectl cafe init --dry-run=client -o yaml" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_context_is_named_with_those_that_are_there(bench: Bench) -> None:
    done = bench.cafe("init", "--context", "prod")

    assert done.code == 1
    assert "no context 'prod'" in done.err
    assert "testbed" in done.err


def test_an_api_server_that_is_down_is_named(bench: Bench, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "down"
    write_kubeconfig(kubeconfig, "https://127.0.0.1:1", "token", "admin", bench.plane.ca)

    done = Bench(bench.plane, kubeconfig).cafe("init")

    assert done.code == 1
    assert "https://127.0.0.1:1 (context testbed) can't be reached" in done.err
    assert "next:  kubectl --context testbed cluster-info" in done.err


def bound(bench: Bench, role: str, user: str) -> Bench:
    """`user` with `role` in the default namespace."""
    bench.cafe("init", "--rbac")
    args = ("create", "rolebinding", f"{user}-{role}", f"--clusterrole={role}", f"--user={user}")
    done = bench.kubectl(*args)
    assert done.code == 0 or "AlreadyExists" in done.err or "already exists" in done.err
    return bench.as_user(user)


RELEASING = (
    "patch pods",
    "patch pods --subresource=status",
    "patch cafedeployments.apps.cafe.cloud.alipay.com",
    "patch cafedeployments.apps.cafe.cloud.alipay.com --subresource=status",
    "create leases.coordination.k8s.io",
    "update leases.coordination.k8s.io",
    "create controllerrevisions.apps",
    "create replicasets.apps",
    "patch replicasets.apps",
    "create events",
    "watch endpointslices.discovery.k8s.io",
)
MORE = (
    "create pods",
    "delete pods",
    "create pods --subresource=exec",
    "delete cafedeployments.apps.cafe.cloud.alipay.com",
    "delete replicasets.apps",
    "get secrets",
)


def allowed(bench: Bench, *rights: str) -> list[str]:
    """Those of `rights` that the bench's user has."""
    return [r for r in rights if bench.kubectl("auth", "can-i", *r.split()).out == "yes\n"]


def test_the_operator_may_do_what_a_release_does_and_no_more(bench: Bench) -> None:
    operator = bound(bench, "kubectl-cafe-operator", "operator")

    assert allowed(operator, *RELEASING, *MORE) == [*RELEASING]


def test_the_viewer_reads_and_writes_nothing(bench: Bench) -> None:
    viewer = bound(bench, "kubectl-cafe-viewer", "viewer")

    assert viewer.kubectl("get", "cafed,pods,rs,leases").code == 0
    writing = [right for right in RELEASING if not right.startswith("watch")]
    assert allowed(viewer, *writing, *MORE) == []

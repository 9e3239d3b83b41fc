"""What `-f` takes: one CafeDeployment, and nothing that contradicts the command line."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from kubectl_cafe.cli.manifest import read
from kubectl_cafe.errors import CafeError

GOOD = """\
apiVersion: apps.cafe.cloud.alipay.com/v1alpha1
kind: CafeDeployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2}
"""
SERVICE = "---\nkind: Service\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.yaml"


def test_the_one_cafedeployment_of_a_file_is_read(file: Path) -> None:
    file.write_text(f"---\n{GOOD}---\n")
    assert read(str(file), "web", "shop")["spec"] == {"replicas": 2}


def test_a_name_on_the_command_line_is_not_needed(file: Path) -> None:
    file.write_text(GOOD)
    assert read(str(file), None, None)["metadata"]["name"] == "web"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "found: nothing"),
        (GOOD + SERVICE, "found: CafeDeployment/web, Service"),
        (GOOD + "---\n" + GOOD, "found: CafeDeployment/web, CafeDeployment/web"),
        ("just a line", "found: text"),
        ("a: [", "node content"),
        (GOOD.replace("v1alpha1", "v9"), "apiVersion: apps.cafe.cloud.alipay.com/v9"),
        (GOOD.replace("{replicas: 2}", "2"), "spec: required"),
        (GOOD.replace("name: web, ", ""), "metadata.name: required"),
        (GOOD.replace("name: web", "name: other"), "metadata.name: other, the command line has"),
        (GOOD.replace("name: web", "name: 2026"), "metadata.name: 2026 must be a string"),
        (GOOD.replace("{replicas: 2}", ".inf"), "line 4: infinity"),
        (GOOD.replace("shop}", "else}"), "metadata.namespace: else, the command line has shop"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(file: Path, text: str, why: str) -> None:
    file.write_text(text)
    with pytest.raises(CafeError, match=why) as caught:
        read(str(file), "web", "shop")
    assert (caught.value.exit_code, caught.value.where) == (2, str(file))


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(CafeError, match="No such file"):
        read(str(file), None, None)


@pytest.mark.guard("exactly-one-cafedeployment-in-a-file")
def test_what_else_is_in_the_file_is_named_with_the_commands_that_apply_both(file: Path) -> None:
    file.write_text(GOOD + "---\nkind: Service\nmetadata: {name: web-api}\n")

    with pytest.raises(CafeError, match="CafeDeployment/web, Service/web-api") as caught:
        read(str(file), None, None)

    applied = f"kubectl apply -n shop -f {file}, then kubectl cafe upgrade web -n shop"
    assert caught.value.hint == applied


def test_the_items_of_a_list_are_read_one_by_one(file: Path) -> None:
    items = "".join(f"  {line}\n" for line in GOOD.splitlines())
    file.write_text(f"kind: List\napiVersion: v1\nitems:\n-{items[1:]}")

    assert read(str(file), "web", "shop")["spec"] == {"replicas": 2}


def test_dates_and_times_without_quotes_are_text(file: Path) -> None:
    file.write_text(GOOD.replace("{replicas: 2}", "{replicas: 2, at: 12:30, on-day: 2026-01-02}"))

    assert read(str(file), None, None)["spec"] == {
        "replicas": 2,
        "at": "12:30",
        "on-day": "2026-01-02",
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_windows_wrote_is_read(file: Path, encoding: str) -> None:
    file.write_text(GOOD, encoding=encoding)
    assert read(str(file), "web", "shop")["spec"] == {"replicas": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_standard_input_is_read_whatever_the_locale(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace("replicas: 2", "city: Nürnberg")
    stdin = io.TextIOWrapper(io.BytesIO(text.encode(encoding)), encoding="ascii")
    monkeypatch.setattr("sys.stdin", stdin)

    assert read("-", None, None)["spec"] == {"city": "Nürnberg"}


def test_a_pipe_is_a_file_as_well() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, GOOD.encode())
    os.close(theirs)

    assert read(f"/dev/fd/{ours}", None, None)["metadata"]["name"] == "web"
    os.close(ours)

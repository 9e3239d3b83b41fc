"""What `-f` takes: one CafeDeployment, and nothing that contradicts the command line."""

from __future__ import annotations

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
        ("", "there is nothing"),
        (GOOD + SERVICE, "there is CafeDeployment, Service"),
        (GOOD + "---\n" + GOOD, "there is CafeDeployment, CafeDeployment"),
        ("just a line", "there is text"),
        ("a: [", "node content"),
        (GOOD.replace("v1alpha1", "v9"), "apiVersion: apps.cafe.cloud.alipay.com/v9"),
        (GOOD.replace("{replicas: 2}", "2"), "spec: is missing"),
        (GOOD.replace("name: web, ", ""), "metadata.name: is missing"),
        (GOOD.replace("name: web", "name: other"), "metadata.name: other, the command line says"),
        (GOOD.replace("shop}", "else}"), "metadata.namespace: else, the command line says shop"),
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

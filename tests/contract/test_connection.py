"""Tokens, certificates and schemes that a kubeconfig gets right or wrong."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from kubectl_cafe.client import errors, paths
from testbed.controlplane import ControlPlane
from tests.contract.conftest import Edit, through


def edited(control_plane: ControlPlane, folder: Path, cluster: Edit, user: Edit) -> Path:
    """The administrator's kubeconfig with some fields changed (None: removed)."""
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    for entry, changes in (
        (content["clusters"][0]["cluster"], cluster),
        (content["users"][0]["user"], user),
    ):
        entry.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del entry[key]
    path = folder / "edited"
    path.write_text(yaml.safe_dump(content))
    return path


NO_CA = {"certificate-authority": None, "certificate-authority-data": None}


def test_a_wrong_token_is_unauthorized(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = edited(control_plane, tmp_path, {}, {"token": "wrong"})
    with pytest.raises(errors.Unauthorized):
        through(path).get(paths.version() + "z")


def test_a_certificate_that_nobody_vouches_for_is_its_own_error(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    path = edited(control_plane, tmp_path, NO_CA, {})
    with pytest.raises(errors.TlsFailed, match="certificate is not valid here") as caught:
        through(path).replace(paths.configmaps("default", "a"), {})
    assert "certificate-authority" in caught.value.hint


def test_a_certificate_of_another_name_is_its_own_error(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    path = edited(control_plane, tmp_path, {"tls-server-name": "other.example.com"}, {})
    with pytest.raises(errors.TlsFailed, match=r"other\.example\.com"):
        through(path).get(paths.version())


def test_skipping_the_verification_works(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = edited(control_plane, tmp_path, {**NO_CA, "insecure-skip-tls-verify": True}, {})
    assert through(path).get(paths.version())["major"] == "1"


def test_an_inline_ca_works_and_leaves_no_file_behind(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = base64.b64encode(control_plane.ca.read_bytes()).decode()
    path = edited(control_plane, tmp_path, {**NO_CA, "certificate-authority-data": data}, {})
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(left))
    assert through(path).get(paths.version())["major"] == "1"
    assert list(left.iterdir()) == []


def test_speaking_http_to_an_https_server_is_said_so(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    plain = control_plane.server.replace("https", "http")
    path = edited(control_plane, tmp_path, {"server": plain}, {})
    with pytest.raises(errors.Invalid, match="HTTP request to an HTTPS server"):
        through(path).get(paths.version())

"""Container images for the real node, written by hand as one OCI archive.

Every image is the same layer (the static test app) under another configuration. Same input, same
bytes: no times, no owners. Two names may share one manifest, which is what two tags of one digest
are.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REGISTRY = "docker.io/library/"
"""What a short name means to every container runtime; no registry is ever asked."""

_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Image:
    """One manifest under one or more short names, as a pod's spec would write them."""

    names: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ("/app",)


SANDBOX = "pause:v1"

IMAGES = (
    Image((SANDBOX,), entrypoint=("/app", "pause")),
    Image(("app:v1",), {"APP_VERSION": "v1"}),
    Image(("app:v2", "app:v2-alias"), {"APP_VERSION": "v2"}),
    Image(("app:v3-crash",), {"APP_VERSION": "v3", "APP_CRASH": "1"}),
    Image(("sidecar:v1",), {"APP_VERSION": "sidecar v1", "APP_PORT": "8081"}),
)
"""Everything the node knows; any other name is an ErrImagePull."""


def write_archive(path: Path, app: Path, images: Iterable[Image] = IMAGES) -> None:
    """Write an OCI archive at `path` that holds `images`, each made of the binary `app`."""
    blobs: dict[str, bytes] = {}

    def blob(media_type: str, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    layer = blob(_LAYER, _tar([("app", app.read_bytes(), 0o755)]))
    manifests: list[dict[str, object]] = []
    for image in images:
        config = blob(_CONFIG, _json(_config(image, str(layer["digest"]))))
        document = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": config,
            "layers": [layer],
        }
        manifest = blob(_MANIFEST, _json(document))
        for name in image.names:
            annotations = {"io.containerd.image.name": REGISTRY + name}
            manifests.append({**manifest, "annotations": annotations})
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
    files = [
        ("oci-layout", _json({"imageLayoutVersion": "1.0.0"}), 0o644),
        ("index.json", _json(index), 0o644),
        *((f"blobs/sha256/{digest}", data, 0o644) for digest, data in sorted(blobs.items())),
    ]
    path.write_bytes(_tar(files))


def import_images(ctr: Sequence[str], archive: Path, snapshotter: str) -> None:
    """Import `archive` into containerd's namespace k8s.io; `ctr` is the command and its address.

    Raises RuntimeError with ctr's own words.
    """
    command = [*ctr, "-n", "k8s.io", "images", "import", "--snapshotter", snapshotter, str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"ctr could not import {archive}: {done.stderr.strip()}")


def _config(image: Image, layer: str) -> dict[str, object]:
    return {
        "architecture": _ARCHITECTURE,
        "os": "linux",
        "config": {
            "Entrypoint": list(image.entrypoint),
            "Env": [f"{name}={value}" for name, value in sorted(image.environment.items())],
        },
        "rootfs": {"type": "layers", "diff_ids": [layer]},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _tar(files: Iterable[tuple[str, bytes, int]]) -> bytes:
    """Return a tar of (path, content, mode), without times or owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content, mode in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()

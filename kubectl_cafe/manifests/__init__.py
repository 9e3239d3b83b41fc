"""What `init` installs: the manifests of this folder."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from kubectl_cafe.version import VERSION

MANAGED_BY = "app.kubernetes.io/managed-by"
INSTALLED_BY = "app.kubernetes.io/version"
"""Label of an installed object: the version of kubectl-cafe that installed it."""

Manifest = dict[str, Any]


def manifests(*, rbac: bool) -> list[Manifest]:
    """The CRD, and with `rbac` the roles, each labelled with this version."""
    from kubectl_cafe import yamls

    found: list[Manifest] = []
    for name in ["crd.yaml", *(["rbac.yaml"] if rbac else [])]:
        text = files(__package__).joinpath(name).read_text(encoding="utf-8")
        found += yamls.load_all(text)
    for manifest in found:
        manifest["metadata"]["labels"][INSTALLED_BY] = VERSION
    return found

"""A software bill of materials as CycloneDX 1.6 JSON: what is in an archive, for scanners."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from bundle.inside import NAME, Component
from kubectl_cafe.version import VERSION

OURSELVES = f"pkg:pypi/{NAME}@{VERSION}"


def render(archive: str, sha256: str, components: Iterable[Component]) -> str:
    """The document for one archive. The same archive gives the same: it carries no time."""
    components = list(components)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, sha256)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": OURSELVES,
                "name": NAME,
                "version": VERSION,
                "purl": OURSELVES,
                "licenses": _licences("Apache-2.0"),
                "hashes": [{"alg": "SHA-256", "content": sha256}],
                "properties": [{"name": "kubectl-cafe:archive", "value": archive}],
            }
        },
        "components": [_component(one) for one in components],
        "dependencies": [{"ref": OURSELVES, "dependsOn": [one.purl for one in components]}],
    }
    return json.dumps(document, indent=2) + "\n"


def _component(one: Component) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "library", "bom-ref": one.purl, "name": one.name}
    if one.version:
        shown["version"] = one.version
    if one.licence:
        shown["licenses"] = _licences(one.licence)
    return shown | {"purl": one.purl}


def _licences(said: str) -> list[dict[str, Any]]:
    """An SPDX expression as such, anything else as a name."""
    try:
        return [{"expression": str(canonicalize_license_expression(said))}]
    except InvalidLicenseExpression:
        return [{"license": {"name": said}}]

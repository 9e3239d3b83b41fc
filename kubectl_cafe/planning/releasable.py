"""Refusals of a spec that can't be released in any state of the cluster. Pure (protocol 2, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import argument, cafe_command, kubectl
from kubectl_cafe.podsets import kinds
from kubectl_cafe.revisions import image as images
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import LONGEST_OWNER

Json = Mapping[str, Any]


def refuse_long_name(cafe: CafeDeployment) -> None:
    """Raise Refused for a name with which the revision label would be too long (protocol 4)."""
    if len(cafe.name) > LONGEST_OWNER:
        raise Refused(
            f"metadata.name has {len(cafe.name)} characters, must have at most {LONGEST_OWNER}. "
            "Nothing was written",
            where=cafe.where,
            hint=kubectl(f"get cafed {cafe.name}", cafe.namespace, "-o yaml > FILE")
            + ", shorten metadata.name in it, "
            + kubectl("create -f FILE")
            + ", then "
            + kubectl(f"delete cafed {cafe.name}", cafe.namespace),
        )


def refuse_misshapen(cafe: CafeDeployment, template: Json) -> None:
    """Raise Refused for a template with values of a wrong type, such as a number for a string."""
    if problem := templates.misshapen(template):
        raise Refused(
            f"{problem}. Nothing was written",
            where=cafe.where,
            hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
        )


def refuse_bad_images(cafe: CafeDeployment, template: Json) -> None:
    """Raise Refused for an empty or malformed image: its container would stop and never start."""
    for name, image in templates.images(template).items():
        if problem := images.problem(image):
            raise Refused(
                f"{problem}. Nothing was written",
                where=f"{cafe.where}, spec.template.spec.containers[{name}].image",
                hint=cafe_command(
                    "upgrade",
                    cafe.name,
                    cafe.namespace,
                    f"--image {argument(f'{name}=REGISTRY/NAME:TAG')}",
                ),
            )


def refuse_unsupported(cafe: CafeDeployment) -> None:
    """Raise Refused, with the paths, for fields of the CRD that are not supported (protocol 2)."""
    spec = cafe.spec
    topology = spec.get("topology") or {}
    found = {
        "spec.podSetType": not kinds.supported(spec),
        "spec.volumeClaimTemplates": bool(spec.get("volumeClaimTemplates")),
        "spec.serviceName": bool(spec.get("serviceName")),
        "spec.topology.autoReschedule.enable": bool(
            (topology.get("autoReschedule") or {}).get("enable")
        ),
        "spec.selector.matchExpressions": bool(
            (spec.get("selector") or {}).get("matchExpressions")
        ),
    }
    if paths := [path for path, present in found.items() if present]:
        raise Refused(
            f"not supported by this version of kubectl-cafe: {', '.join(paths)}. "
            "Nothing was written",
            where=cafe.where,
            hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
        )

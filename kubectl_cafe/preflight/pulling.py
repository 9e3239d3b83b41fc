"""Whether the new images can be pulled, by the images that the nodes list (protocol 1).

The kubelet kills the old container before it pulls: with a tag that does not exist the pod stays
down. The registry is not queried from here: only the nodes' access to it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_cafe.errors import CafeError
from kubectl_cafe.planning.finding import Finding, many, ok, unknown, warning
from kubectl_cafe.preflight.answers import Answers, Case, Node, coming
from kubectl_cafe.revisions import image as images
from kubectl_cafe.text import counted

CHECK = "images"
Nodes = tuple[Node, ...] | CafeError


def judge(case: Case, answers: Answers) -> Iterator[Finding]:
    """One finding for each image that the release brings."""
    if answers.nodes is None:
        return
    for name, image in coming(case).items():
        nodes = meant(case, answers.nodes)
        yield pullable(name, image, policy(case.proposal.template, name, image), nodes)


def policy(template: Mapping[str, object], name: str, image: str) -> str:
    """The container's imagePullPolicy, with the API server's default."""
    spec = template.get("spec")
    containers = spec.get("containers") or () if isinstance(spec, Mapping) else ()
    given = next((c.get("imagePullPolicy") for c in containers if c["name"] == name), None)
    usual = "Always" if images.canonical(image).endswith(":latest") else "IfNotPresent"
    return str(given or usual)


def meant(case: Case, nodes: Nodes) -> Nodes:
    """The nodes on which the pods run or may be created."""
    if isinstance(nodes, CafeError):
        return nodes
    used = {pod.node for pod in case.around.living}
    return tuple(node for node in nodes if node.name in used) if used else nodes


def pullable(name: str, image: str, policy: str, nodes: Nodes) -> Finding:
    """The finding about one image; a node lists 50 images at most, so only presence is proof."""
    if isinstance(nodes, CafeError):
        return unknown(CHECK, f"image {image}, container {name}: {nodes.message}")
    wanted = images.canonical(image)
    lacking = [node.name for node in nodes if wanted not in map(images.canonical, node.images)]
    on = f"{len(nodes) - len(lacking)} of {counted(len(nodes), 'node')}"
    if nodes and not lacking:
        if policy == "Always":
            return unknown(
                CHECK,
                f"image {image}: present on {on}, but container {name} has imagePullPolicy "
                "Always, so each node contacts the registry again",
            )
        return ok(CHECK, f"image {image} is present on {on}")
    if policy == "Never":
        return warning(
            CHECK,
            f"container {name} has imagePullPolicy Never, and {image} is not listed by "
            f"{many(lacking)}: it would not start there",
        )
    there = f", present on {on}" if nodes else ""
    return unknown(CHECK, f"pull of image {image} (container {name}{there})")

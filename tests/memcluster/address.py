"""What a path of the API server means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote


@dataclass(frozen=True)
class Address:
    """`collection` is the path without name and subresource; `name` is empty for a collection."""

    collection: str
    api: str
    namespace: str
    plural: str
    name: str = ""
    sub: str = ""

    @property
    def object(self) -> str:
        """The path of the object itself."""
        return f"{self.collection}/{self.name}"

    @property
    def custom(self) -> bool:
        """Whether it is a custom resource: those of Kubernetes' own groups have short names."""
        group = self.api.split("/")[2]
        return "." in group and not group.endswith(".k8s.io")


@cache
def address(path: str) -> Address:
    """The address of `path`, as `kubectl_cafe.client.paths` builds them."""
    parts = path.strip("/").split("/")
    head = 2 if parts[0] == "api" else 3
    api, rest = "/" + "/".join(parts[:head]), parts[head:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = unquote(rest[1]), rest[2:]
    plural, name, sub = (*rest, "", "")[:3]
    where = f"{api}/namespaces/{namespace}" if namespace else api
    return Address(f"{where}/{plural}", api, namespace, plural, unquote(name), sub)

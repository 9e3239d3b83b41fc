"""The imagePullSecrets: whether they exist and have credentials for the new images' registries.

Of their content only the names of the registries are kept; nothing else is ever shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.planning.finding import Finding, many, ok, unknown, warning
from kubectl_cafe.preflight.answers import Answers, Case, coming
from kubectl_cafe.revisions import image as images

CHECK = "images"
TYPES = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""The types of secrets that a kubelet reads, and the data key of each that has the registries."""


def judge(case: Case, answers: Answers) -> Iterator[Finding]:
    """The findings about imagePullSecrets: missing, of another type, without the image's host."""
    if answers.secrets is None:
        return
    space = case.cafe.namespace
    for name, secret in answers.secrets.items():
        yield from secret_problem(name, secret, space)
    read = [one for one in answers.secrets.values() if not isinstance(one, CafeError)]
    if not read or len(read) < len(answers.secrets):
        return
    keys = [key for secret in read if secret is not None for key in registries(secret)]
    listed = many(sorted(answers.secrets))
    for name, image in coming(case).items():
        where = images.repository(image)
        if any(covers(key, where) for key in keys):
            yield ok(CHECK, f"credentials for {where} found in {listed}")
        else:
            yield warning(
                CHECK,
                f"no pull secret ({listed}) has credentials for {where} (container {name}): the "
                "image is pulled without credentials, or with those of the node",
            )


def secret_problem(
    name: str, secret: Mapping[str, object] | CafeError | None, namespace: str
) -> Iterator[Finding]:
    """The finding about a pull secret that is missing or of a wrong type: a kubelet ignores it."""
    where = f"secret/{name} in namespace {namespace}"
    match secret:
        case CafeError() as error:
            yield unknown(CHECK, f"pull secret {name}: {error.message}", where=where)
        case None:
            yield warning(
                CHECK,
                f"pull secret {name} not found",
                where=where,
                hint=kubectl(f"create secret docker-registry {name}", namespace, "--help"),
            )
        case found if found.get("type") not in TYPES:
            yield warning(
                CHECK,
                f"pull secret {name} has type {found.get('type')}, which kubelets ignore",
                where=where,
            )


def registries(secret: Mapping[str, object]) -> Sequence[str]:
    """The registries that a pull secret has credentials for; nothing else of it is kept."""
    kind, data = str(secret.get("type")), secret.get("data")
    if kind not in TYPES or not isinstance(data, Mapping):
        return ()
    try:
        config = json.loads(base64.b64decode(str(data.get(TYPES[kind], ""))))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(config, Mapping):
        return ()
    found = config.get("auths") if kind.endswith("json") else config
    return sorted(found) if isinstance(found, Mapping) else ()


def covers(key: str, repository: str) -> bool:
    """Whether `key`, a registry in a pull secret, applies to `repository`.

    Source: pkg/credentialprovider/keyring.go: scheme and /v1/ or /v2/ are dropped, each part of the
    host may be a pattern, the port must be equal, the path is a prefix.
    """
    bare = key.partition("://")[2] or key
    host, _, path = bare.partition("/")
    path = path.rstrip("/")
    if path in ("v1", "v2"):
        path = ""
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = images.DOCKER
    name, _, port = host.partition(":")
    wanted, _, rest = repository.partition("/")
    at, _, at_port = wanted.partition(":")
    parts, asked = name.split("."), at.split(".")
    alike = len(parts) == len(asked) and all(map(fnmatchcase, asked, parts))
    return alike and port == at_port and f"{rest}/".startswith(f"{path}/" if path else "")

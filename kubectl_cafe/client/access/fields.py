"""Checks the fields of a kubeconfig as client-go does: their types and contradictions.

No message contains the value of a field, because it may be a credential.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from kubectl_cafe.client.errors import AccessError

Json = Mapping[str, Any]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _texts_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(_texts(item or []) for item in value.values())


def _variables(value: object) -> bool:
    return isinstance(value, list) and all(
        _text_by_name(item) and {"name", "value"} <= set(item) for item in value
    )


def _mapping(value: object) -> bool:
    return isinstance(value, dict)


Kind = tuple[str, Callable[[object], bool]]
TEXT: Kind = ("a string", _text)
BOOLEAN: Kind = ("true or false without quotes", _boolean)
TEXTS: Kind = ("a list of strings", _texts)
MAPPING: Kind = ("a mapping", _mapping)

CONFIG: Mapping[str, Kind] = {"current-context": TEXT}
CONTEXT: Mapping[str, Kind] = dict.fromkeys(("cluster", "user", "namespace"), TEXT)
CLUSTER: Mapping[str, Kind] = {
    **dict.fromkeys(("server", "tls-server-name", "proxy-url"), TEXT),
    **dict.fromkeys(("certificate-authority", "certificate-authority-data"), TEXT),
    **dict.fromkeys(("insecure-skip-tls-verify", "disable-compression"), BOOLEAN),
}
USER: Mapping[str, Kind] = {
    **dict.fromkeys(("client-certificate", "client-certificate-data"), TEXT),
    **dict.fromkeys(("client-key", "client-key-data", "token", "tokenFile"), TEXT),
    **dict.fromkeys(("username", "password", "as", "as-uid"), TEXT),
    "as-groups": TEXTS,
    "as-user-extra": ("a mapping of lists of strings", _texts_by_name),
    "auth-provider": MAPPING,
    "exec": MAPPING,
}
EXEC: Mapping[str, Kind] = {
    **dict.fromkeys(("command", "apiVersion", "installHint", "interactiveMode"), TEXT),
    "args": TEXTS,
    "env": ("a list of names with values", _variables),
    "provideClusterInfo": BOOLEAN,
}
PROVIDER: Mapping[str, Kind] = {
    "name": TEXT,
    "config": ("a mapping of strings", _text_by_name),
}
STATUS: Mapping[str, Kind] = dict.fromkeys(
    ("token", "clientCertificateData", "clientKeyData"), TEXT
)
"""The fields of an ExecCredential's status."""
ENTRIES = {"clusters": CLUSTER, "contexts": CONTEXT, "users": USER}


def check_types(entry: Json, kinds: Mapping[str, Kind], path: str, file: str) -> None:
    """Raise AccessError for a field whose type client-go rejects. A null counts as absent."""
    for field, (wanted, fits) in kinds.items():
        value = entry.get(field)
        if value is not None and not fits(value):
            raise AccessError(
                f"{path}{field} must be {wanted}", where=file, hint="kubectl config view"
            )
    for field, below in (("exec", EXEC), ("auth-provider", PROVIDER)):
        if field in kinds and entry.get(field):
            check_types(entry[field], below, f"{path}{field}.", file)


def check_combination(cluster: Json, user: Json, user_name: str) -> None:
    """Raise AccessError if two fields contradict each other; client-go has the same rules."""
    for entry, where, fields in (
        (cluster, "the cluster", ("certificate-authority",)),
        (user, f"users[{user_name}].user", ("client-certificate", "client-key")),
    ):
        for field in fields:
            if entry.get(field) and entry.get(f"{field}-data"):
                raise _contradiction(where, field, f"{field}-data")
    ca = cluster.get("certificate-authority") or cluster.get("certificate-authority-data")
    if ca and cluster.get("insecure-skip-tls-verify"):
        raise _contradiction("the cluster", "insecure-skip-tls-verify", "a certificate-authority")
    where = f"users[{user_name}].user"
    if user.get("token") and (user.get("username") or user.get("password")):
        raise AccessError("token and username are both set: only one can be used", where=where)
    certificate = user.get("client-certificate") or user.get("client-certificate-data")
    key = user.get("client-key") or user.get("client-key-data")
    if certificate and not key:
        raise AccessError("client-certificate is set without client-key", where=where)


def _contradiction(where: str, one: str, other: str) -> AccessError:
    return AccessError(
        f"{one} and {other} are both set: only one can be used",
        where=where,
        hint="kubectl config view --minify",
    )


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header(value: str, field: str, where: str) -> str:
    """`value` encoded for a header, in UTF-8 as Go sends it. Raises AccessError."""
    if _CONTROL.search(value):
        raise AccessError(f"{field} contains a line end or another control character", where=where)
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def without_password(address: str) -> str:
    """`address` without its user and password, for messages."""
    try:
        userinfo = urlsplit(address).netloc.rpartition("@")[0]
    except ValueError:
        userinfo = address.rpartition("@")[0].rpartition("/")[2]
    return address.replace(f"{userinfo}@", "", 1) if userinfo else address

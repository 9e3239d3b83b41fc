"""From flags and kubeconfig to a client that is allowed to speak to the server."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config
from kubernetes.config.exec_provider import ExecProvider
from kubernetes.config.kube_config import ConfigNode, KubeConfigLoader

from kubectl_cafe.cluster import _wire
from kubectl_cafe.cluster.errors import AccessError
from kubectl_cafe.cluster.kubeconfig import Chosen, choose, files, merge

_IN_CLUSTER_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LOGINS = ("token", "username", "password", "auth-provider")
"""The parts of a kubeconfig user that the client itself turns into an Authorization header."""

Login = tuple[Configuration, ssl.SSLContext | None]


@dataclass(frozen=True)
class Access:
    """Where the API server is, and how to get in.

    `context` is "" inside a cluster. `headers` are sent with every request
    (impersonation). `login` gathers the credentials anew each time it is called: it
    runs exec plugins and reads token files, and raises AccessError.
    """

    server: str
    context: str
    namespace: str
    headers: tuple[tuple[str, str], ...]
    request_timeout: float | None
    login: Callable[[], Login]

    def connect(self, connections: int) -> ApiClient:
        """A client with fresh credentials that keeps up to `connections` open."""
        configuration, tls = self.login()
        configuration.retries = False
        configuration.keep_alive = True
        configuration.connection_pool_maxsize = connections
        client = ApiClient(configuration)
        manager = client.rest_client.pool_manager
        if tls is not None:
            manager.connection_pool_kw["ssl_context"] = tls
        _wire.install(manager)
        return client


def load(
    kubeconfig: str | None = None,
    context: str | None = None,
    cluster: str | None = None,
    user: str | None = None,
    namespace: str | None = None,
    as_user: str | None = None,
    as_groups: tuple[str, ...] = (),
    request_timeout: float | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Access:
    """Resolve kubectl's flags. Reads files, runs nothing; raises AccessError."""
    paths = files(kubeconfig, environ)
    config = merge(paths)
    if not (config.contexts or config.clusters):
        if environ.get("KUBERNETES_SERVICE_HOST") and not kubeconfig:
            headers = _impersonation({}, as_user, as_groups)
            return _in_cluster(namespace, headers, request_timeout)
        looked = [str(path) for path in paths] or [environ.get("KUBECONFIG") or "~/.kube/config"]
        raise AccessError(
            "no kubeconfig with a cluster in it was found",
            where=", ".join(looked),
            hint="pass --kubeconfig FILE, or set KUBECONFIG",
        )
    chosen = choose(config, context, cluster, user, namespace)
    return Access(
        server=str(chosen.cluster["server"]).rstrip("/"),
        context=chosen.context,
        namespace=chosen.namespace,
        headers=_impersonation(chosen.user, as_user, as_groups),
        request_timeout=request_timeout,
        login=lambda: _login(chosen),
    )


def _login(chosen: Chosen) -> Login:
    user = _with_plugin(chosen)
    if user.get("tokenFile"):
        user = {**user, "token": _read(user["tokenFile"], "tokenFile").decode().strip()}
    # Keys and certificates stay out of what the client sees: it would write them to files.
    flat = _flat(chosen, {key: user[key] for key in _LOGINS if key in user})
    configuration = Configuration()
    try:
        KubeConfigLoader(flat).load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, ValueError, KeyError) as error:
        raise AccessError(str(error), where=f"users[{chosen.user_name}]") from None
    if user.get("auth-provider") and not configuration.api_key:
        raise AccessError(
            f"the auth-provider {user['auth-provider'].get('name')} gave no credentials",
            where=f"users[{chosen.user_name}].user.auth-provider",
            hint="use an exec credential plugin instead",
        )
    if not chosen.cluster.get("proxy-url") and _loopback(configuration.host):
        configuration.proxy = None  # as kubectl: no proxy of the environment for this machine
    https = configuration.host.startswith("https")
    return configuration, _tls(chosen.cluster, user) if https else None


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _flat(chosen: Chosen, user: dict[str, Any]) -> dict[str, Any]:
    """The chosen server and user as the smallest kubeconfig that the client understands."""
    keys = ("server", "insecure-skip-tls-verify", "tls-server-name", "proxy-url")
    cluster = {key: chosen.cluster[key] for key in keys if chosen.cluster.get(key)}
    return {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": cluster}],
        "users": [{"name": "chosen", "user": user}],
    }


def _with_plugin(chosen: Chosen) -> dict[str, Any]:
    """The user with what its exec plugin answers; a plugin that fails is an error.

    The client only logs that and goes on without any credentials.
    """
    user, plugin = chosen.user, chosen.user.get("exec")
    if not plugin or user.get("token") or user.get("tokenFile"):
        return user
    where = f"users[{chosen.user_name}].user.exec ({plugin.get('command')})"
    # The client starts it in the kubeconfig's folder only where a relative path needs that.
    relative = os.sep in str(plugin.get("command")) and not os.path.isabs(plugin["command"])
    try:
        status = ExecProvider(  # type: ignore[no-untyped-call]
            ConfigNode("exec", plugin),  # type: ignore[no-untyped-call]
            chosen.home if relative else None,
            ConfigNode("cluster", chosen.cluster),  # type: ignore[no-untyped-call]
        ).run()
    except OSError as error:
        raise AccessError(
            f"the credential plugin can't be started: {error.strerror}",
            where=where,
            hint=" ".join(str(plugin.get("installHint") or "").split()),
        ) from None
    except (ConfigException, AttributeError) as error:
        said = " ".join(str(error).removeprefix("exec: ").split())
        raise AccessError(
            f"the credential plugin failed: {said}", where=where, hint="run it by hand"
        ) from None
    if status.get("token"):
        return {**user, "token": status["token"]}
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        pair = {
            "client-certificate-data": _encoded(status["clientCertificateData"]),
            "client-key-data": _encoded(status["clientKeyData"]),
        }
        return {**user, **pair}
    raise AccessError("the credential plugin gave neither a token nor a certificate", where=where)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    """One context for all connections; inline keys touch the disk only while it is built."""
    ca = _bytes(cluster, "certificate-authority")
    try:
        context = ssl.create_default_context(cadata=ca.decode() if ca else None)
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise AccessError(
            f"the CA certificate is not usable: {error}", where="certificate-authority-data"
        ) from None
    relax(context)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # The kubeconfig says so on purpose; kubectl is silent about it, too.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    certificate, key = _bytes(user, "client-certificate"), _bytes(user, "client-key")
    if certificate and key:
        with tempfile.TemporaryDirectory(prefix="kubectl-cafe-") as folder:
            pair = Path(folder, "pair.pem")
            pair.touch(mode=0o600)
            pair.write_bytes(certificate.rstrip() + b"\n" + key)
            try:
                context.load_cert_chain(pair)
            except (ssl.SSLError, OSError) as error:
                raise AccessError(
                    f"the client certificate and key are not usable: {error}",
                    where="client-certificate, client-key",
                ) from None
    return context


def relax(context: ssl.SSLContext) -> None:
    """Trust what kubectl trusts.

    Python 3.13 checks X.509 strictly, which CAs of many clusters don't pass; Go takes
    an intermediate certificate as the anchor, OpenSSL only when told to.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _bytes(entry: Mapping[str, Any], key: str) -> bytes:
    """Field `key`-data (base64) or the file that `key` names; nothing is b""."""
    if entry.get(f"{key}-data"):
        try:
            return base64.b64decode(entry[f"{key}-data"], validate=False)
        except (binascii.Error, ValueError) as error:
            raise AccessError(f"not base64: {error}", where=f"{key}-data") from None
    return _read(entry[key], key) if entry.get(key) else b""


def _read(path: str, field: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise AccessError(
            f"{field} can't be read: {error.strerror}", where=path, hint="kubectl config view"
        ) from None


def _impersonation(
    user: Mapping[str, Any], as_user: str | None, as_groups: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Headers of `--as`, `--as-group` and the kubeconfig's own as, as-groups, as-uid."""
    name = as_user or str(user.get("as") or "")
    groups = as_groups or tuple(user.get("as-groups") or ())
    if not name:
        if as_groups:
            raise AccessError("--as-group needs --as", hint="add --as USER")
        return ()
    headers = [("Impersonate-User", name), *(("Impersonate-Group", group) for group in groups)]
    if not as_user:
        if user.get("as-uid"):
            headers.append(("Impersonate-Uid", str(user["as-uid"])))
        for key, values in (user.get("as-user-extra") or {}).items():
            headers += [(f"Impersonate-Extra-{key}", str(value)) for value in values]
    return tuple(headers)


def _in_cluster(
    namespace: str | None, headers: tuple[tuple[str, str], ...], request_timeout: float | None
) -> Access:
    def login() -> Login:
        configuration = Configuration()
        try:
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError) as error:
            raise AccessError(str(error), where="the pod's service account") from None
        return configuration, _tls({"certificate-authority": configuration.ssl_ca_cert}, {})

    if namespace is None and _IN_CLUSTER_NAMESPACE.is_file():
        namespace = _IN_CLUSTER_NAMESPACE.read_text().strip()
    return Access(
        server=login()[0].host,
        context="",
        namespace=namespace or "default",
        headers=headers,
        request_timeout=request_timeout,
        login=login,
    )

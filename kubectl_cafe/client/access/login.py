"""Credentials of a kubeconfig's user and cluster, read again for each client."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from msgspec import Struct

from kubectl_cafe.client._libraries import (
    ApiException,
    Configuration,
    RESTClientObject,
    exceptions,
    load_client_package,
    urllib3,
)
from kubectl_cafe.client.access import fields, tls
from kubectl_cafe.client.access.kubeconfig import Chosen
from kubectl_cafe.client.errors import AccessError
from kubectl_cafe.client.http import _wire


class Client(Struct, frozen=True):
    """The connections to one server, with one user's credentials."""

    configuration: Configuration
    rest: RESTClientObject

    @property
    def authorization(self) -> dict[str, str]:
        """The Authorization header, or nothing; renews an auth-provider's expired token."""
        bearer = self.configuration.auth_settings().get("BearerToken")
        return {"Authorization": bearer["value"]} if bearer and bearer["value"] else {}


def client(chosen: Chosen, connections: int) -> Client:
    """A client with fresh credentials; runs exec plugins, reads files; raises AccessError.

    Without TLS no credentials are sent and no plugin is run, as in kubectl (client-go's clientcmd
    reads the user's credentials only for a server with TLS).
    """
    fields.check_combination(chosen.cluster, chosen.user, chosen.user_name)
    secure = urlsplit(address(chosen)).scheme == "https"
    user = _with_plugin(chosen) if secure else {}
    configuration = Configuration(
        host=address(chosen), retries=False, connection_pool_maxsize=connections
    )
    configuration.keep_alive = True
    if authorization := _authorization(configuration, chosen, user):
        where = f"users[{chosen.user_name}].user"
        value = fields.header(authorization, "the token", where)
        configuration.api_key["BearerToken"] = value
    configuration.verify_ssl = not chosen.cluster.get("insecure-skip-tls-verify")
    configuration.tls_server_name = chosen.cluster.get("tls-server-name") or None
    _set_proxy(configuration, chosen)
    try:
        rest = RESTClientObject(configuration)
    except (ImportError, ValueError) as error:
        proxy = str(configuration.proxy)
        said = " ".join(str(error).split()).replace(proxy, fields.without_password(proxy))
        raise AccessError(
            f"the proxy can't be used: {said}", where=fields.without_password(proxy)
        ) from None
    if secure:
        rest.pool_manager.connection_pool_kw["ssl_context"] = tls.context(chosen.cluster, user)
    _wire.install(rest.pool_manager)
    return Client(configuration, rest)


def address(chosen: Chosen) -> str:
    """The server's address, with kubectl's default scheme if it has none."""
    server = fields.without_password(str(chosen.cluster["server"]))
    if "://" in server:
        return _readable(server).rstrip("/")
    secure = ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify")
    own = ("client-certificate", "client-certificate-data")
    safe = any(map(chosen.cluster.get, secure)) or any(map(chosen.user.get, own))
    return _readable(f"{'https' if safe else 'http'}://{server}").rstrip("/")


def _readable(server: str) -> str:
    try:
        found = urlsplit(server).port is not None or urlsplit(server).hostname
    except ValueError:
        found = None
    if not found:
        raise AccessError("the server must be a URL or a host:port pair", where=server)
    return server


def _authorization(configuration: Configuration, chosen: Chosen, user: Mapping[str, Any]) -> str:
    """The Authorization header's value, "" for none."""
    if user.get("tokenFile"):
        token = _of_file(user)
        return f"Bearer {token}"
    if user.get("token"):
        return f"Bearer {user['token']}"
    if user.get("auth-provider"):
        return _provided(configuration, chosen, user["auth-provider"])
    if user.get("username") or user.get("password"):
        pair = f"{user.get('username') or ''}:{user.get('password') or ''}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return ""


def _of_file(user: Mapping[str, Any]) -> str:
    """The token in the user's tokenFile; the user's `token` if the file can't be read."""
    try:
        content = tls.read(user["tokenFile"], "tokenFile")
    except AccessError:
        if user.get("token"):
            return str(user["token"])
        raise
    return content.decode("utf-8", "surrogateescape").strip()


def _provided(configuration: Configuration, chosen: Chosen, provider: dict[str, Any]) -> str:
    """An auth-provider's token, read and renewed by the client library's loader."""
    load_client_package()
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import KubeConfigLoader

    where = f"users[{chosen.user_name}].user.auth-provider"
    smallest = {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": {"server": configuration.host}}],
        "users": [{"name": "chosen", "user": {"auth-provider": provider}}],
    }
    try:
        KubeConfigLoader(smallest).load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, ApiException, exceptions.HTTPError, ValueError, KeyError) as error:
        raise AccessError(str(error), where=where) from None
    except (AttributeError, TypeError):  # The loader does not check that there is a config.
        raise AccessError(
            f"the auth-provider {provider.get('name')} has a config that cannot be read",
            where=where,
            hint="use an exec credential plugin instead",
        ) from None
    found = str(configuration.api_key.get("BearerToken") or "")
    if not found:
        raise AccessError(
            f"the auth-provider {provider.get('name')} gave no credentials",
            where=where,
            hint="use an exec credential plugin instead",
        )
    return found


def _set_proxy(configuration: Configuration, chosen: Chosen) -> None:
    """Set the cluster's proxy-url, whatever NO_PROXY is; else the environment's proxy, as in Go.

    Go ignores ALL_PROXY, uses no proxy for loopback addresses, and lets a SOCKS proxy resolve the
    server's name.
    """
    host = urlsplit(configuration.host)
    if own := chosen.cluster.get("proxy-url"):
        configuration.proxy, configuration.no_proxy = str(own), None
    elif _loopback(host.hostname or ""):
        configuration.proxy = None
    else:
        configuration.proxy = getproxies().get(host.scheme)
    if not configuration.proxy:
        return
    if configuration.proxy.startswith("socks5://"):
        configuration.proxy = configuration.proxy.replace("socks5://", "socks5h://", 1)
    try:
        proxy = urlsplit(configuration.proxy)
    except ValueError as error:
        shown = fields.without_password(str(configuration.proxy))
        raise AccessError(f"the proxy can't be used: {error}", where=shown) from None
    if proxy.username and proxy.scheme.startswith("http"):
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        configuration.proxy_headers = urllib3.make_headers(proxy_basic_auth=pair)


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _with_plugin(chosen: Chosen) -> dict[str, Any]:
    """The user with the credentials of its exec plugin; raises AccessError if the plugin fails.

    The client library only logs that failure and continues without credentials.
    """
    user, plugin = chosen.user, chosen.user.get("exec")
    if not plugin or user.get("token") or user.get("tokenFile"):
        return user
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.exec_provider import ExecProvider

    where = f"users[{chosen.user_name}].user.exec ({plugin.get('command')})"
    # Only a relative path is resolved from the kubeconfig's folder.
    relative = os.sep in str(plugin.get("command")) and not os.path.isabs(plugin["command"])
    try:
        status = ExecProvider(  # type: ignore[no-untyped-call]
            _Node(plugin), chosen.home if relative else None, _Node(chosen.cluster)
        ).run()
    except OSError as error:
        raise AccessError(
            f"the credential plugin can't be started: {error.strerror}",
            where=where,
            hint=" ".join(str(plugin.get("installHint") or "").split()),
        ) from None
    except (ConfigException, AttributeError, KeyError, TypeError) as error:
        said = " ".join(str(error).removeprefix("exec: ").split())
        raise AccessError(
            f"the credential plugin failed: {said}", where=where, hint="run it by hand"
        ) from None
    if not isinstance(status, dict):
        raise AccessError("the credential plugin's answer has no status", where=where)
    fields.check_types(status, fields.STATUS, "the plugin's status.", where)
    if status.get("token"):
        return {**user, "token": status["token"]}
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        pair = {
            "client-certificate-data": _encoded(status["clientCertificateData"]),
            "client-key-data": _encoded(status["clientKeyData"]),
        }
        return {**user, **pair}
    raise AccessError(
        "the credential plugin returned neither a token nor a certificate", where=where
    )


class _Node(dict[str, Any]):
    """A mapping with the interface that the client library's exec provider needs (ConfigNode).

    The library's own class is in a module that imports two OAuth libraries.
    """

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(value)
        self.value = value

    def safe_get(self, key: str) -> Any:
        """The value of `key`, None without one."""
        return self.get(key)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

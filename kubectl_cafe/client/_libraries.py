"""Imports the libraries for the API server without their unused parts, to start fast.

`kubernetes/__init__.py` imports every subpackage, `kubernetes.config` the OAuth libraries, and
`ApiClient` pydantic: a third of the time of a short command. So the packages named here are in
`sys.modules` without having run; a module in them is imported when it is first used. Nothing else
in the product patches Python or a library (`tests/unit/test_nothing_replaced.py`).
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec

for _package in ("kubernetes", "kubernetes.client", "kubernetes.config", "kubernetes.utils"):
    if _package not in sys.modules:
        _spec = find_spec(_package)
        if _spec is None:
            raise ImportError(f"no module named {_package}", name=_package)
        sys.modules[_package] = module_from_spec(_spec)

import msgspec
import urllib3
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.client.rest import RESTClientObject
from urllib3 import exceptions


def load_client_package() -> None:
    """Run `kubernetes.client`, for modules of the library that import names from the package."""
    package = sys.modules["kubernetes.client"]
    if not hasattr(package, "ApiClient") and package.__spec__ and package.__spec__.loader:
        package.__spec__.loader.exec_module(package)


__all__ = [
    "ApiException",
    "Configuration",
    "RESTClientObject",
    "exceptions",
    "load_client_package",
    "msgspec",
    "urllib3",
]

"""The Kubernetes client's parts that are used, without the parts that their packages bring along.

`kubernetes/__init__.py` imports every subpackage, `kubernetes.config` the OAuth libraries, and
`ApiClient` pydantic: a third of the time that a short command takes. So the packages named
here stand in `sys.modules` without having run; a module in them is imported when it is asked for.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec

for _package in ("kubernetes", "kubernetes.config", "kubernetes.utils"):
    if _package not in sys.modules:
        _spec = find_spec(_package)
        if _spec is None:
            raise ImportError(f"no module named {_package}", name=_package)
        sys.modules[_package] = module_from_spec(_spec)

from kubernetes.client.configuration import Configuration  # noqa: E402
from kubernetes.client.exceptions import ApiException  # noqa: E402
from kubernetes.client.rest import RESTClientObject  # noqa: E402

__all__ = ["ApiException", "Configuration", "RESTClientObject"]

"""Importing libraries without the modules that they import for a case that never comes here."""

from __future__ import annotations

import importlib
import sys
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_TAKEN: dict[str, dict[str, object]] = {
    # urllib3 asks for the version of an HTTP/2 that is not installed.
    "importlib.metadata": {"version": str, "PackageNotFoundError": ImportError},
    # urllib3's for uploads.
    "mimetypes": {},
    # The Kubernetes client counts processors where nobody says how many connections.
    "multiprocessing": {},
    # What is in there for older Pythons is in typing by now.
    "typing_extensions": {name: getattr(typing, name) for name in typing.__all__},
}
"""Modules that are imported for such a case, and what is taken of them at once."""


@contextmanager
def imports() -> Iterator[None]:
    """What is imported inside gets stand-ins for what has not been imported yet.

    They are a tenth of a short command's time. Whoever imports these modules later gets the real
    ones, and a stand-in that is asked for more than it has asks the real one.
    """
    stood_in = {
        name: _stand_in(name, taken) for name, taken in _TAKEN.items() if name not in sys.modules
    }
    sys.modules.update(stood_in)
    try:
        yield
    finally:
        for name, module in stood_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_in(name: str, taken: Mapping[str, object]) -> ModuleType:
    module = ModuleType(name)

    def more(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(importlib.import_module(name), attribute)

    module.__dict__.update(taken, __getattr__=more)
    return module

"""Faster imports: stand-ins for modules that libraries import for cases that never occur here."""

from __future__ import annotations

import importlib
import sys
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_TAKEN: dict[str, dict[str, object]] = {
    # urllib3 reads the version of an HTTP/2 library that is not installed.
    "importlib.metadata": {"version": str, "PackageNotFoundError": ImportError},
    # urllib3 uses it for uploads.
    "mimetypes": {},
    # The Kubernetes client counts processors if no number of connections is set.
    "multiprocessing": {},
    # Its contents for older Pythons are in typing by now.
    "typing_extensions": {name: getattr(typing, name) for name in typing.__all__},
}
"""The modules that get stand-ins, and the attributes that their importers read at once."""


@contextmanager
def imports() -> Iterator[None]:
    """While the context lasts, imports get stand-ins for modules that are not imported yet.

    The real modules take a tenth of a short command's time. Imports after the context get the real
    modules. A stand-in loads the real module for any attribute that the stand-in lacks.
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

"""Importing libraries without the modules that they import for a case that never comes here."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_TAKEN: dict[str, dict[str, object]] = {
    # tabulate says its own version, urllib3 asks for that of an HTTP/2 that is not installed.
    "importlib.metadata": {"version": str, "PackageNotFoundError": ImportError},
    # tabulate's for tables in HTML, urllib3's for uploads.
    "html": {"escape": str},
    "mimetypes": {},
    # The Kubernetes client counts processors where nobody says how many connections.
    "multiprocessing": {},
    # What is in there for older Pythons is in typing by now.
    "typing_extensions": vars(typing),
}
"""Modules that are imported for such a case, and what is taken of them at once."""


@contextmanager
def imports() -> Iterator[None]:
    """What is imported inside gets stand-ins for what has not been imported yet.

    They are a tenth of a short command's time. Whoever asks for these modules later gets the
    real ones.
    """
    stood_in = {name: ModuleType(name) for name in _TAKEN if name not in sys.modules}
    for name, module in stood_in.items():
        module.__dict__.update(_TAKEN[name])
    sys.modules.update(stood_in)
    try:
        yield
    finally:
        for name in stood_in:
            del sys.modules[name]

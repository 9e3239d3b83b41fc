"""The entry point of the archive's executable: runs the plugin in the caller's environment."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping

LIBRARIES = "LD_LIBRARY_PATH"
SAVED = f"{LIBRARIES}_ORIG"


def callers(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, computed from `environ` as PyInstaller's bootloader changed it.

    The bootloader sets LD_LIBRARY_PATH to the archive's folder and keeps the caller's value in
    LD_LIBRARY_PATH_ORIG. A kubeconfig's credential plugin must not load the archive's libraries.
    Source: PyInstaller's manual, "Launching external programs from the frozen application".
    """
    own = {
        name: value
        for name, value in environ.items()
        if name not in (LIBRARIES, SAVED) and not name.startswith("_PYI_")
    }
    return own | {LIBRARIES: environ[SAVED]} if SAVED in environ else own


def started_with() -> dict[str, str]:
    """The environment that the process was started with, on Linux; elsewhere os.environ.

    PyInstaller removes VIRTUAL_ENV from os.environ at the start.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = os.fsdecode(file.read()).split("\0")
    except OSError:
        return dict(os.environ)
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def main() -> None:
    """Restore the caller's environment, then run the plugin."""
    environment = callers(started_with())
    os.environ.clear()
    os.environ.update(environment)
    # Imports leave no garbage, so collection would only delay them; the plugin enables it.
    gc.disable()

    from kubectl_cafe.cli import main as plugin

    plugin()


if __name__ == "__main__":
    main()

"""What the archive's executable runs: the plugin, in the environment of whoever called it."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping

LIBRARIES = "LD_LIBRARY_PATH"
SAVED = f"{LIBRARIES}_ORIG"


def callers(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, from what PyInstaller's bootloader has made of it.

    The bootloader has its own folder searched for libraries, and keeps the caller's value aside.
    A credential plugin of a kubeconfig must not load them: PyInstaller's manual, "Launching
    external programs from the frozen application".
    """
    own = {
        name: value
        for name, value in environ.items()
        if name not in (LIBRARIES, SAVED) and not name.startswith("_PYI_")
    }
    return own | {LIBRARIES: environ[SAVED]} if SAVED in environ else own


def started_with() -> dict[str, str]:
    """The environment that the process was started with, where the system tells (Linux).

    PyInstaller's start has taken VIRTUAL_ENV out of os.environ.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = os.fsdecode(file.read()).split("\0")
    except OSError:
        return dict(os.environ)
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def main() -> None:
    """Give the environment back, first thing, and be the plugin as fast as this archive can."""
    environment = callers(started_with())
    os.environ.clear()
    os.environ.update(environment)
    # Until the plugin says when to look for garbage: imports leave none.
    gc.disable()

    from kubectl_cafe.cli import main as plugin

    plugin()


if __name__ == "__main__":
    main()

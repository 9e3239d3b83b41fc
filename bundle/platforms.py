"""This machine, in krew's words for operating systems and processors (they are Go's)."""

from __future__ import annotations

import platform
import re
import sys
import sysconfig
from dataclasses import dataclass

from bundle.errors import BundleError
from kubectl_cafe.version import VERSION

_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_NAME = re.compile(r"kubectl-cafe_v(?P<version>.+)_(?P<os>[a-z]+)_(?P<arch>\w+)\.(tar\.gz|zip)")


@dataclass(frozen=True, order=True)
class Platform:
    """One of those that krew knows: `os` linux, darwin, windows; `arch` amd64, arm64."""

    os: str
    arch: str

    def archive(self, version: str = VERSION) -> str:
        """The archive's file name."""
        kind = "zip" if self.os == "windows" else "tar.gz"
        return f"kubectl-cafe_v{version}_{self.os}_{self.arch}.{kind}"

    @property
    def program(self) -> str:
        """The executable in it; krew demands .exe on Windows."""
        return self.executable("kubectl-cafe")

    def executable(self, name: str) -> str:
        """What a program of this name is called here."""
        return f"{name}.exe" if self.os == "windows" else name


def here() -> Platform:
    """The platform of the running Python, which PyInstaller builds for; raises BundleError."""
    found = sysconfig.get_platform().rsplit("-", 1)[-1].lower()
    processor = platform.machine().lower() if found == "universal2" else found
    if sys.platform not in _SYSTEMS or processor not in _PROCESSORS:
        raise BundleError(f"bundle: no archive is made for {sys.platform} on {processor}")
    return Platform(_SYSTEMS[sys.platform], _PROCESSORS[processor])


def of(archive: str, version: str = VERSION) -> Platform | None:
    """The platform that an archive of `version` was built for; None for any other file."""
    found = _NAME.fullmatch(archive)
    if found is None or found["version"] != version:
        return None
    return Platform(found["os"], found["arch"])

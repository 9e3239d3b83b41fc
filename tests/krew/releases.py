"""Versions of the plugin on a site, as a release publishes them, and an index of krew's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bundle import manifest
from kubectl_cafe.version import VERSION

NEWER = "0.99.0"


class Published:
    """The archives at `url`, out of `folder`; `manifest` and `archive` of what came last."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.index = folder / "index"
        self.archive = Path()
        self.manifest = Path()

    def publish(self, archive: Path, version: str = VERSION) -> None:
        """Put a version where its manifest says that it is."""
        release = self.folder / "releases" / "download" / f"v{version}"
        release.mkdir(parents=True)
        self.archive = release / archive.name
        shutil.copyfile(archive, self.archive)
        manifest.write(release, self.url, version)
        self.manifest = release / manifest.FILE

    def indexed(self) -> Path:
        """A git repository that is an index of krew's and has the last version in it."""
        if not self.index.is_dir():
            (self.index / "plugins").mkdir(parents=True)
            self._git("init", "--quiet", "--initial-branch=main")
        shutil.copy(self.manifest, self.index / "plugins" / manifest.FILE)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message=The last version")
        return self.index

    def _git(self, *words: str) -> None:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        subprocess.run(["git", *who, *words], cwd=self.index, check=True)

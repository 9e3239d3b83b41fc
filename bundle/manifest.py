"""krew's manifest, rendered from plugin.yaml and the archives that were built, and checksums."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bundle import archive, platforms
from bundle.errors import BundleError
from bundle.platforms import Platform
from kubectl_cafe.version import VERSION

PLUGIN = Path(__file__).parent.parent / "plugin.yaml"
FILE = "cafe.yaml"
"""krew, its index and its validator want the plugin's own name."""
CHECKSUMS = "SHA256SUMS"
BILL = ".cdx.json"
"""What a bill of materials is called behind the name of its archive."""
LONGEST = 50
"""Characters of a short description, as the maintainers of krew's index count them."""


def write(folder: Path, site: str, version: str = VERSION) -> list[Path]:
    """Write SHA256SUMS and cafe.yaml for the archives in `folder`; all that is to be published.

    Raises BundleError where there is no archive of this version.
    """
    built = archives(folder, version)
    if not built:
        raise BundleError(
            f"bundle: there is no archive of v{version} in {folder}\n  next:  make dist"
        )
    sums = {one: archive.sha256(path) for one, path in built.items()}
    plugin = yaml.safe_load(PLUGIN.read_text(encoding="utf-8"))
    (folder / FILE).write_text(render(plugin, sums, site, version), encoding="utf-8")
    bills = (path.with_name(f"{path.name}{BILL}") for path in built.values())
    named = sorted([folder / FILE, *built.values(), *(path for path in bills if path.is_file())])
    lines = [f"{archive.sha256(path)}  {path.name}\n" for path in named]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
    return [*named, folder / CHECKSUMS]


def archives(folder: Path, version: str) -> dict[Platform, Path]:
    """The archives of a version in `folder`, in the order of their platforms."""
    found = {platforms.of(path.name, version): path for path in folder.glob("kubectl-cafe_*")}
    return {one: found[one] for one in sorted(filter(None, found))}


def render(
    plugin: Mapping[str, Any], sums: Mapping[Platform, str], site: str, version: str = VERSION
) -> str:
    """The manifest: `plugin` as in plugin.yaml, the checksum of each platform's archive."""
    if len(plugin["shortDesc"]) > LONGEST:
        raise BundleError(f"bundle: shortDesc of plugin.yaml has more than {LONGEST} characters")
    site = site.rstrip("/")
    document = {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": plugin["name"]},
        "spec": {
            "version": f"v{version}",
            "homepage": site,
            "shortDescription": plugin["shortDesc"],
            "description": _Block(textwrap.fill(plugin["longDesc"], 90)),
            "caveats": _Block(plugin["caveats"]),
            "platforms": [
                {
                    "selector": {"matchLabels": {"os": one.os, "arch": one.arch}},
                    "uri": f"{site}/releases/download/v{version}/{one.archive(version)}",
                    "sha256": checksum,
                    "bin": one.program,
                }
                for one, checksum in sums.items()
            ],
        },
    }
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=200)


class _Block(str):
    """Text that is written over several lines."""


class _Dumper(yaml.SafeDumper):
    """YAML as people write it."""


_Dumper.add_representer(
    _Block,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", f"{text}\n", style="|"),
)

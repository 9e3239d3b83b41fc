"""`python -m bundle`: build the archive of this platform into dist/, with all that goes beside it.

`python -m bundle manifest` renders checksums and krew's manifest anew from all archives in dist/:
for archives that were built on other machines. `python -m bundle check` unpacks this platform's
and runs it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bundle import build, check, manifest
from bundle.errors import BundleError

ROOT = Path(__file__).parent.parent
NOWHERE = "https://kubectl-cafe.invalid"
"""Where nothing can be downloaded: krew then needs --archive."""


def main(arguments: list[str] | None = None) -> int:
    """Parse, act, and answer the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bundle", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("build", "manifest", "check"), default="build")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the archives are")
    parser.add_argument(
        "--site", default=NOWHERE, help="the project's page; archives at SITE/releases/download/vX"
    )
    options = parser.parse_args(arguments)
    try:
        if options.verb == "check":
            print(check.run(options.out))
            return 0
        if options.verb == "build":
            build.into(options.out)
        for path in manifest.write(options.out, options.site):
            print(f"bundle: {path}")
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Imports without what libraries bring along for a case that never comes here."""

from __future__ import annotations

import subprocess
import sys


def python(program: str) -> str:
    """What a fresh interpreter says on stdout."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_whoever_asks_later_gets_the_real_modules() -> None:
    said = python(
        "import kubectl_cafe.printers.table, kubectl_cafe.client.transport\n"
        "import importlib.metadata, mimetypes, multiprocessing, typing_extensions\n"
        "print(importlib.metadata.version('click') > '8', end=' ')\n"
        "print(mimetypes.guess_type('a.html')[0], multiprocessing.cpu_count() > 0, end=' ')\n"
        "print(typing_extensions.__name__)"
    )
    assert said == "True text/html True typing_extensions"


def test_a_stand_in_that_is_asked_for_more_asks_the_real_one() -> None:
    said = python(
        "from kubectl_cafe.client._libraries import Configuration\n"
        "import kubernetes.client.configuration as held\n"
        "print(held.multiprocessing.cpu_count() > 0, Configuration() is not None)"
    )
    assert said == "True True"


def test_what_has_been_imported_stays_what_it_is() -> None:
    said = python(
        "import mimetypes, sys\n"
        "from kubectl_cafe import light\n"
        "with light.imports():\n"
        "    assert sys.modules['mimetypes'] is mimetypes\n"
        "print(sys.modules['mimetypes'] is mimetypes)"
    )
    assert said == "True"


def test_an_import_that_fails_leaves_nothing_behind() -> None:
    said = python(
        "import sys\n"
        "from kubectl_cafe import light\n"
        "try:\n"
        "    with light.imports():\n"
        "        import nowhere\n"
        "except ImportError:\n"
        "    print('mimetypes' in sys.modules)"
    )
    assert said == "False"

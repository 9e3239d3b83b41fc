"""The program of the archive gives its caller's environment back."""

from __future__ import annotations

from bundle.frozen import callers


def test_what_the_bootloader_has_set_is_gone() -> None:
    found = {
        "LD_LIBRARY_PATH": "/a/_internal",
        "_PYI_ARCHIVE_FILE": "/a/kubectl-cafe",
        "HOME": "/h",
    }

    assert callers(found) == {"HOME": "/h"}


def test_the_caller_s_own_library_path_is_put_back() -> None:
    found = {"LD_LIBRARY_PATH": "/a/_internal:/opt/lib", "LD_LIBRARY_PATH_ORIG": "/opt/lib"}

    assert callers(found) == {"LD_LIBRARY_PATH": "/opt/lib"}

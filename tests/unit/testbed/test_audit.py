"""Where reading an audit log begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.audit import end_of_last_line


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 0),
        (b'{"verb":"get"}\n', 15),
        (b'{"verb":"get"}\n{"user":{"user', 15),
        (b'{"user":{"user', 0),
        (b"a" * (1 << 20) + b"\n" + b"b" * 100, (1 << 20) + 1),
    ],
)
def test_a_log_is_read_from_the_end_of_its_last_whole_line(
    tmp_path: Path, text: bytes, offset: int
) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(text)
    assert end_of_last_line(log) == offset

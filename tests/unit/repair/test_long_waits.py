"""What `repair` says that it waits for."""

from __future__ import annotations

from kubectl_cafe.repair.long_waits import Lasting


def test_a_wait_whose_time_runs_down_is_reported_once() -> None:
    said: list[str] = []
    lasting = Lasting(said.append)

    for now in (0.0, 3.0, 6.0, 9.0):
        left = "2m5s" if now < 5 else "119s"
        lasting.waits((f"verifying (at most {left} more): a",), now)

    assert said == ["  waiting for verifying: a"]

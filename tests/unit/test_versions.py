"""Versions as Kubernetes, its vendors and kubectl-cafe write them, in their order."""

from __future__ import annotations

import pytest

from kubectl_cafe.versions import newer, parsed


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("v1.36.3", (1, 36, 3)),
        ("1.9", (1, 9)),
        ("v1", (1,)),
        ("v1.33.0-eks-1234+abc", (1, 33, 0)),
        ("v1.32.4-eks-1", (1, 32, 4)),
        ("v1.31.4-gke.1183000", (1, 31, 4)),
        ("v1.33.2-aliyun.1", (1, 33, 2)),
        ("v1.33.0+k3s1", (1, 33, 0)),
        ("v1.34.0-alpha.2", (1, 34, 0)),
        ("v1.34.0-beta.0.12+6c5a3e1", (1, 34, 0)),
    ],
)
def test_a_version_has_its_numbers_whatever_its_vendor_appends(
    text: str, release: tuple[int, ...]
) -> None:
    found = parsed(text)

    assert found is not None
    assert found.release == release


@pytest.mark.parametrize("text", ["", "unknown", "v", "no.version", "-1.2.3"])
def test_a_text_that_does_not_begin_with_numbers_is_no_version(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("text", "than"),
    [
        ("1.10.0", "1.9.3"),
        ("v1.10.0", "1.9.3"),
        ("1.0.0", "1.0.0-rc.1"),
        ("1.0.0-rc.2", "1.0.0-rc.1"),
        ("1.0.0rc1", "0.9.9"),
        ("0.0.1", "no.version"),
    ],
)
def test_one_version_is_newer_than_the_other_and_not_the_reverse(text: str, than: str) -> None:
    assert newer(text, than)
    assert not newer(than, text)


@pytest.mark.parametrize(("one", "other"), [("1.9", "1.9.0"), ("v1.2.3", "1.2.3"), ("", "?")])
def test_equal_versions_are_not_newer(one: str, other: str) -> None:
    assert not newer(one, other)
    assert not newer(other, one)

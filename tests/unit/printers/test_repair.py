"""What `repair` prints."""

from __future__ import annotations

from kubectl_cafe.printers.repair import RepairLine, render, result

ABLE = RepairLine("orphan", "pod/a", "out of traffic", "put it back")
LEFT = RepairLine("drift", "pod/b", "runs app:v9", hint="kubectl delete pod b")
SHOWN = """\
#    OBJECT    FINDING    WHAT IS WRONG
1    pod/a     orphan     out of traffic
2    pod/b     drift      runs app:v9

1  repair: put it back
2  manual repair: kubectl delete pod b"""
WIDE = """\
#    OBJECT    FINDING    WHAT IS WRONG    WHAT IS TO BE DONE
1    pod/a     orphan     out of traffic   repair: put it back
2    pod/b     drift      runs app:v9      manual repair: kubectl delete pod b"""


def test_what_each_finding_needs_stands_below_the_table() -> None:
    assert render([ABLE, LEFT]) == SHOWN


def test_the_wide_table_has_a_finding_in_one_row() -> None:
    assert render([ABLE, LEFT], wide=True) == WIDE


def test_an_object_with_two_findings_is_named_once() -> None:
    assert list(result("shop", "stores", [ABLE, LEFT, ABLE]).names()) == ["pod/a", "pod/b"]


def test_in_a_terminal_each_finding_has_lines_of_its_own_and_commands_stay_whole() -> None:
    lines = render([ABLE, LEFT], width=40).splitlines()

    command = f"   {LEFT.hint}"
    assert command in lines
    assert max(len(line) for line in lines if line != command) <= 40
    assert lines[0].startswith(f"1  {ABLE.object}")
    assert any(line.startswith("   repair:") for line in lines)

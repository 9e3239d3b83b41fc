"""Flags are read as kubectl reads them."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from kubectl_cafe.cli import _spell_booleans, _split_short_flags, options, run
from kubectl_cafe.cli.options import AccessFlags


def flags(*args: str) -> AccessFlags:
    """What a verb with nothing but the access flags gets."""
    seen: list[AccessFlags] = []

    @click.command()
    @options.access_options
    def command(access: AccessFlags) -> None:
        seen.append(access)

    done = CliRunner().invoke(command, _split_short_flags(args))
    assert done.exit_code == 0, done.output
    return seen[0]


def test_without_flags_the_kubeconfig_decides_everything() -> None:
    assert flags() == AccessFlags()


def test_every_access_flag_arrives() -> None:
    given = flags(
        *("-n", "payments", "--context", "prod", "--kubeconfig", "/k", "--cluster", "c"),
        *("--user", "u", "-s", "https://x", "--tls-server-name", "y"),
        *("--certificate-authority", "/ca", "--insecure-skip-tls-verify", "--token", "t"),
        *("--username", "un", "--password", "pw", "--client-certificate", "/c"),
        *("--client-key", "/ck", "--as", "eve", "--as-group", "a", "--as-group", "b"),
        *("--as-uid", "7", "--as-user-extra", "x=1", "--as-user-extra", "x=2=3"),
        *("--request-timeout", "5s", "-v", "6"),
    )

    assert given == AccessFlags(
        namespace="payments",
        context="prod",
        kubeconfig="/k",
        cluster="c",
        user="u",
        server="https://x",
        tls_server_name="y",
        certificate_authority="/ca",
        insecure_skip_tls_verify=True,
        token="t",
        username="un",
        password="pw",
        client_certificate="/c",
        client_key="/ck",
        as_user="eve",
        as_groups=("a", "b"),
        as_uid="7",
        as_user_extra=(("x", "1"), ("x", "2=3")),
        request_timeout=5.0,
        verbosity=6,
    )


def test_an_extra_without_a_value_is_refused_by_name() -> None:
    @click.command()
    @options.access_options
    def command(access: AccessFlags) -> None:
        raise AssertionError(access)

    done = CliRunner().invoke(command, ["--as-user-extra", "scopes"])

    assert done.exit_code == 2
    assert "'scopes': must be KEY=VALUE" in done.output


def test_kubectl_s_flags_are_listed_by_options_and_not_by_every_verb(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["options"]) == 0
    listed = capsys.readouterr().out
    assert run(["pause", "--help"]) == 0
    helped = capsys.readouterr().out

    assert "--certificate-authority FILE" in listed
    assert "-s, --server URL" in listed
    assert "--certificate-authority" not in helped
    assert "kubectl cafe options lists the flags that every command has." in helped


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", None),
        ("0s", None),
        ("1s", 1.0),
        ("2m", 120.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("7", 7.0),
    ],
)
def test_a_timeout_is_written_as_in_go(text: str, seconds: float | None) -> None:
    assert flags(f"--request-timeout={text}").request_timeout == seconds


@pytest.mark.parametrize("text", ["", "s", "5x", "1s2", "-1s", "soon"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration such as 1s"):
        options.Duration().convert(text, None, None)


def test_a_short_flag_takes_its_value_after_an_equals_sign() -> None:
    assert flags("-n=payments", "-v=7") == AccessFlags(namespace="payments", verbosity=7)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["--watch=true"], ["--watch"]),
        (["-A=T", "x"], ["-A", "x"]),
        (["--watch=false", "x"], ["x"]),
        (["--watch=0"], []),
        (["--selector=true", "--watch=soon"], ["--selector=true", "--watch=soon"]),
        (["--", "--watch=true"], ["--", "--watch=true"]),
    ],
)
def test_a_switch_takes_its_boolean_after_an_equals_sign(given: list[str], read: list[str]) -> None:
    @click.command()
    @options.all_namespaces_option
    @options.selector_option
    @options.watch_option
    def command(all_namespaces: bool, selector: str, watch: bool) -> None: ...

    assert _spell_booleans(command, given) == read


def test_nothing_is_split_after_two_dashes_or_in_a_long_flag() -> None:
    args = ["--image=a=b", "--", "-n=x"]

    assert _split_short_flags(args) == args


def test_an_output_format_that_a_verb_does_not_have_is_refused_by_name() -> None:
    @click.command()
    @options.output_option("yaml", "json", "name")
    def command(output: str | None) -> None:
        raise AssertionError(output)

    done = CliRunner().invoke(command, ["-o", "xml"])

    assert done.exit_code == 2
    assert (
        'unable to match a printer suitable for the output format "xml", '
        "allowed formats are: json,name,yaml"
    ) in done.output


def test_the_flags_of_lists_have_kubectls_names() -> None:
    seen: list[object] = []

    @click.command()
    @options.all_namespaces_option
    @options.selector_option
    @options.watch_option
    def command(all_namespaces: bool, selector: str, watch: bool) -> None:
        seen.append((all_namespaces, selector, watch))

    CliRunner().invoke(command, [])
    CliRunner().invoke(command, ["-A", "-l", "app=web,tier!=db", "-w"])
    CliRunner().invoke(command, ["--all-namespaces", "--selector=app", "--watch"])

    assert seen == [(False, "", False), (True, "app=web,tier!=db", True), (True, "app", True)]

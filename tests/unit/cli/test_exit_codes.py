"""The frame of the command line: exit codes, events that are only shown, and errors."""

import json

import click
import pytest

from lifeboat_cli.context import Context, Options
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import call, error_of
from lifeboat_cli.main import SECTIONS, lifeboat, main
from lifeboat_cli.stack import Stack

HERE = ["--stack", "Boat", "--region", "eu-central-1"]


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may reach an AWS."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "LIFEBOAT_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["backup"],
        ["backup", "app", "--sometimes"],
        ["status", "a", "b"],
        ["mute", "app", "no-drill", "soon"],
        ["runs", "app", "--days", "0"],
        ["runs", "app", "--days", "99999999"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert main([*arguments, *HERE]) == 2


def test_show_event_prints_function_and_event_and_sends_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["backup", "app", "--label", "m42", "--show-event", *HERE]) == ExitCode.DONE
    name, event = capsys.readouterr().out.splitlines()
    assert name == "Boat-backup-app"
    assert json.loads(event) == {"database": "app", "label": "m42"}


def test_without_a_region_the_error_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "error: No region" in said
    assert "Next: Name the region" in said


@pytest.mark.parametrize("name", [name for _, names in SECTIONS for name in names])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert f"Usage: lifeboat {name}" in said
    assert max(map(len, said.splitlines())) <= 80


def test_the_list_of_commands_cuts_no_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == ExitCode.DONE
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said[1:] if line.endswith("...")] == []
    assert max(map(len, said)) <= 80


def test_an_error_has_three_lines_and_ends_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise CommandError("a\x1b[2Jb", safe="c", next_step="d", code=ExitCode.PARTIAL)

    monkeypatch.setattr(lifeboat, "main", fails)
    assert main([]) == ExitCode.PARTIAL
    assert capsys.readouterr().err == "error: a\\x1b[2Jb\n  Safe: c\n  Next: d\n"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    """Click turns it into its own Abort."""

    def interrupted(*_: object, **__: object) -> None:
        raise kind

    monkeypatch.setattr(lifeboat, "main", interrupted)
    assert main([]) == 130


def test_what_a_function_refuses_as_an_event_is_wrong_usage() -> None:
    message = "Invalid event: key 'label' has 'A'.\nSafe: Nothing was started.\nNext: Send {}."
    with (
        lifeboat.make_context("lifeboat", ["status"]) as outer,
        click.Context(lifeboat, parent=outer, info_name="backup"),
    ):
        within = error_of({"errorType": "EventError", "errorMessage": message}, "Boat-backup-app")
    assert within.next_step.startswith("Correct it: `lifeboat backup --help`")
    refused = error_of({"errorType": "EventError", "errorMessage": message}, "Boat-backup-app")
    assert refused.code is ExitCode.USAGE
    assert refused.what == "Invalid event: key 'label' has 'A'."
    assert "--help" in refused.next_step
    failed = error_of({"errorType": "StorageError", "errorMessage": message}, "Boat-backup-app")
    assert (failed.code, failed.next_step) == (ExitCode.FAILED, "Send {}.")


class Waits:
    """A client whose function takes longer than the person waits."""

    def invoke(self, **_: object) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_while_something_is_carried_out_says_that_it_may_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Stack, "client", lambda *_: Waits())
    context = Context(Options(stack="Boat", region="eu-central-1"))
    with pytest.raises(CommandError) as stopped:
        call(context, "restore", None, {"action": "swap", "database": "app", "execute": True})
    assert stopped.value.code is ExitCode.INTERRUPTED
    assert stopped.value.next_step.startswith("lifeboat runs app")
    with pytest.raises(KeyboardInterrupt):
        call(context, "restore", None, {"action": "list", "database": "app"})

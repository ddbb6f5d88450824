"""The commands that the stack prints, and those of the command line, in several shells."""

import json

import pytest

from tests.deployed.conftest import Installation
from tests.support.command_stubs import Terminal

PRINTED = {
    "BackupCommand": ('"app"', '"nobody"'),
    "DrillCommand": ('"app"', '"nobody"'),
    "RestoreCommand": ('"app"', '"nobody"'),
    "StatusCommand": ('"text"', '"poem"'),
}
"""Outputs of the stack, and what makes a function fail: a word of the event, and another one."""


def printed(installation: Installation, name: str) -> str:
    """The command in an output of the stack, that of the database `app` where each has one."""
    outputs = installation.outputs
    return outputs[name] if name in outputs else outputs[f"{name}App"]


@pytest.mark.parametrize("shell", ["bash", "sh"])
@pytest.mark.parametrize("name", PRINTED)
def test_nothing_goes_on_after_a_function_that_failed(
    installation: Installation, cli: Terminal, name: str, shell: str
) -> None:
    command = printed(installation, name)
    failing = command.replace(*PRINTED[name])
    assert failing != command
    done = cli.ended(shell, "-c", f"{failing} && echo MIGRATES")
    assert done.returncode != 0
    assert "MIGRATES" not in done.stdout
    assert "\nNext: " in done.stderr, "as lines that a person can read"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_nothing_goes_on_after_the_command_line_has_failed(cli: Terminal, shell: str) -> None:
    backup = "lifeboat backup app --label 'no/slash'"
    done = cli.ended(shell, "-c", f"{backup} && echo MIGRATES")
    assert done.returncode == 2, "wrong usage: the function refuses the label"
    assert done.stdout == ""
    assert "\n  Next: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", PRINTED)
def test_nothing_goes_on_where_aws_itself_refuses(
    installation: Installation, cli: Terminal, name: str
) -> None:
    command = printed(installation, name).replace("--function-name Lifeboat", "--function-name L")
    done = cli.ended("bash", "-c", f"{command} && echo MIGRATES")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ours", [False, True])
def test_an_answer_is_whole_in_a_file_and_in_a_pipe(
    installation: Installation, cli: Terminal, *, ours: bool
) -> None:
    command = "lifeboat backup app --json" if ours else printed(installation, "BackupCommand")
    assert cli.ended("sh", "-c", f"{command} > answer.txt && echo MIGRATES").stdout == "MIGRATES\n"
    answer = json.loads((cli.directory / "answer.txt").read_text())
    assert answer["backup"].startswith("manual/app/")
    assert json.loads(cli.ended("sh", "-c", f"{command} | cat").stdout)["backup"]


def test_the_status_is_whole_in_a_file(installation: Installation, cli: Terminal) -> None:
    command = printed(installation, "StatusCommand")
    cli.run(f"{command} > status.txt")
    assert (cli.directory / "status.txt").read_text().startswith("Lifeboat: ")

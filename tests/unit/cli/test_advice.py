"""What functions advise, as commands and options."""

import json

import pytest

from lifeboat_cli.advice import as_commands
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import error_of


def event(**keys: object) -> str:
    return json.dumps({"action": "swap", "database": "app", **keys})


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        (f"Send {event(action='list')} to see all.", "Type `lifeboat backups app` to see all."),
        (
            f"Use another: send {event(action='list')}. Or send {event(action='tables')}.",
            "Use another: type `lifeboat backups app`. Or type `lifeboat show app`.",
        ),
        (
            f"send {event(action='thaw', backup='weekly/app/2026-09-06T020000Z')}",
            "type `lifeboat thaw app weekly/2026-09-06T020000Z`",
        ),
        (
            f"send {event(restored_database='a_1', allow_unverified=True, target='my admin')}",
            "type `lifeboat swap app a_1 --allow-unverified --target 'my admin'`",
        ),
        ("Fix that, then send the event again.", "Fix that, then repeat the command."),
        ("Send the event again; keep the log.", "Repeat the command; keep the log."),
        ('Or send it with "owners": "none", and', "Or repeat it with --no-owners, and"),
        ("Give its secret as `target`.", "Give its secret as --target NAME."),
        ("Start the server.", "Start the server."),
    ],
)
def test_events_become_commands_and_keys_become_options(advice: str, said: str) -> None:
    assert as_commands(advice) == said


@pytest.mark.parametrize(
    "advice",
    [
        f"Send {event(action='swap', confirm='live', allow_unverified=True)}",
        f"Send {event(action='unheard-of')}",
        'Send {"action": "list", nonsense',
        'Send {"action": "list"}',
    ],
)
def test_what_no_command_can_say_stays_as_it_is(advice: str) -> None:
    assert as_commands(advice) == advice


def test_a_name_stays_one_word_of_the_shell() -> None:
    said = as_commands(f"send {event(restored_database='a; rm -rf ~ $(x)')}")
    assert said == "type `lifeboat swap app 'a; rm -rf ~ $(x)'`"


def test_a_refused_event_keeps_an_advice_that_names_what_there_is() -> None:
    message = "There is no database 'ap'.\nSafe: Nothing was started.\nNext: Use one of: app, shop."
    error = error_of({"errorType": "EventError", "errorMessage": message}, "Boat-restore")
    assert error.next_step == "Use one of: app, shop."
    assert error.code is ExitCode.USAGE

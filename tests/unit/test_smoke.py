"""What `make smoke` says and refuses before it touches an account."""

import io
import sys
from pathlib import Path

import pytest

from lifeboat.errors import SettingsError
from tests.smoke import __main__ as smoke
from tests.smoke.__main__ import agreed, arguments, chosen, first_database, plan
from tests.smoke.checks import BY_HAND, CHECKS


def names(*argv: str) -> list[str]:
    return [check.name for check in chosen(arguments(argv))]


def test_everything_is_checked_but_what_needs_a_key_that_was_not_given() -> None:
    every = [check.name for check in CHECKS]
    assert names("--neon", "--key", "arn:aws:kms:us-east-1:1:key/1") == every
    assert names("--neon") == [name for name in every if name != "former-key"]
    assert names() == [name for name in every if name not in {"former-key", "neon", "neon-plan"}]


def test_checks_are_chosen_by_name_and_run_in_their_order() -> None:
    assert names("--only", "monitor", "backup") == ["backup", "monitor"]
    assert "silence" not in names("--skip", "silence")


@pytest.mark.parametrize("wrong", [["--only", "nothing"], ["--stack", "Lifeboat"], ["--cost"]])
def test_what_makes_no_sense_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        arguments(wrong)


def test_the_plan_says_what_is_done_what_it_costs_and_what_is_left_out() -> None:
    said = plan(arguments(["--only", "backup", "silence"]), "account 1, region eu-south-1")
    assert said.startswith("In account 1, region eu-south-1, as stack LifeboatSmoke:")
    for part in ("backup: takes a backup", "About 215 minutes, less than $2", "its bucket stays"):
        assert part in said
    assert "Not run: alarms, object," in said
    assert all(each in said for each in BY_HAND)
    assert "leaves the stack" in plan(arguments(["--keep"]), "x")


def test_nobody_is_charged_without_having_been_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("123456789012\n"))
    assert not agreed(arguments([]), "123456789012")
    assert "Nothing was done. Nobody is here to ask: give --yes." in capsys.readouterr().err
    assert agreed(arguments(["--yes"]), "123456789012")


@pytest.mark.parametrize(("typed", "yes"), [("123456789012", True), ("yes", False), ("", False)])
def test_only_the_accounts_id_is_a_yes(
    monkeypatch: pytest.MonkeyPatch, typed: str, *, yes: bool
) -> None:
    terminal = io.StringIO(f"{typed}\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert agreed(arguments([]), "123456789012") is yes


def test_the_database_that_is_tried_is_the_first_of_the_settings() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:lifeboat/app-AbCd12"
    given = ['lifeboat={"databases": []}', "lifeboat.databases.0.name=shop"]

    assert first_database([*given, f"lifeboat.databases.0.secret_arn={arn}"]) == "shop"
    with pytest.raises(SettingsError, match=r"lifeboat\.databases\.0\.secret_arn is missing"):
        first_database(given)


def test_without_settings_nothing_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {}}')
    monkeypatch.setattr(smoke, "REPOSITORY", tmp_path)

    with pytest.raises(SettingsError, match="There are no settings: lifeboat"):
        first_database([])

"""The runbooks in the program: every finding is explained, with the steps to take."""

import pytest

from lifeboat.alerts.policy.findings import Code
from lifeboat_cli import pages
from lifeboat_cli.main import main
from tools.reference.registries import alarms


@pytest.mark.parametrize("code", [*Code, *alarms()])
def test_every_finding_and_alarm_is_explained_without_aws(code: str) -> None:
    assert pages.section(code).startswith(f"### {code}\n")


def test_the_steps_that_a_section_refers_to_come_with_it() -> None:
    text = (
        "## What to type\n### Run a check\nType it.\n### The log\nRead it.\n"
        "## Findings\n### no-backup\n[Run it](#run-a-check), or [see](#no-drill).\n"
        "### no-drill\nNone.\n## End\nOther."
    )
    assert set(pages.sections(text)) == {"no-backup", "no-drill"}
    assert pages.sections(text)["no-drill"] == "### no-drill\nNone."
    assert pages.with_steps("no-backup", text).endswith(".\n\n### Run a check\nType it.")


def test_an_unknown_code_or_runbook_lists_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "no-idea"]) == 2
    assert "no-backup" in capsys.readouterr().err
    assert main(["runbook", "no-idea"]) == 2
    assert "full-loss" in capsys.readouterr().err
    assert main(["runbook"]) == 0
    listed = capsys.readouterr().out
    assert max(len(line.rstrip()) for line in listed.splitlines()) <= 80
    for name in pages.names():
        assert f"{name} " in listed
        assert main(["runbook", name]) == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_clicks_own(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_LIFEBOAT_COMPLETE" in capsys.readouterr().out

"""The steps of a deployment: with the CDK's bootstrap, or without."""

import os

import pytest

from infra.deployment import environment, run_step, steps
from infra.preflight_error import PreflightError

OTHER = ["-c", "settings_file=lifeboat.x.toml", "--require-approval=never"]


def test_the_checks_get_the_settings_and_the_cdk_gets_everything() -> None:
    before, deploy, check, tool = steps(OTHER).values()
    assert before[1:] == ["-m", "infra.preflight", *OTHER[:2]]
    assert deploy == ["cdk", "deploy", "--all", *OTHER]
    assert check[1:] == ["-m", "infra.first_check", *OTHER]
    assert tool[1:] == ["-m", "infra.put_command_line", *OTHER]


def test_a_bootstrap_comes_before_the_check_that_asks_for_it() -> None:
    made = steps(OTHER, bootstrap="111122223333/eu-central-1")
    synth, bootstrap, check, deploy, *_ = made.values()
    assert synth[1:3] == ["synth", "--quiet"]
    assert synth[-3:] == OTHER
    assert bootstrap[1:3] == ["bootstrap", "aws://111122223333/eu-central-1"]
    assert check[2] == "infra.preflight"
    assert [each for each in deploy if each in OTHER] == ["--require-approval=never"]
    assert bootstrap[-1] in deploy


def test_a_step_that_fails_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    run_step("x", ["true"], os.environ)
    with pytest.raises(PreflightError, match=r"in x \(false ended with 1\)"):
        run_step("x", ["false"], os.environ)
    assert capfd.readouterr().out == ""


def test_the_programs_of_the_checkout_come_first() -> None:
    path = environment({"PATH": "/usr/bin", "AWS_PROFILE": "x"})
    assert path["PATH"].endswith("node_modules/.bin:/usr/bin")
    assert path["AWS_PROFILE"] == "x"

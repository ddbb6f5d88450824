"""What others think of the template: cdk-nag's AwsSolutions pack, and cfn-lint."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack.stacks import REGION, SECRET, Synthesized


def test_neither_cdk_nag_nor_the_cdk_has_anything_to_say_that_is_not_answered(
    any_stack: Synthesized,
) -> None:
    """A finding of cdk-nag would have failed the synth (see below); the CDK's own only warn."""
    report = json.loads((any_stack.directory / "validation-report.json").read_text())

    assert report["pluginReports"] == []


def test_cdk_nag_fails_a_synth_with_a_finding(tmp_path_factory: pytest.TempPathFactory) -> None:
    from aws_cdk import App, Stack, Validations
    from aws_cdk import aws_s3 as s3
    from cdk_nag import AwsSolutionsChecks

    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")))
    s3.Bucket(Stack(app, "Careless"), "Bucket")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_every_answer_to_cdk_nag_has_its_question(
    synthesize: Callable[..., Synthesized], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the acknowledgments exactly these rules complain, so none of them is idle."""
    from aws_cdk import Validations

    monkeypatch.setattr(Validations, "acknowledge", lambda *_: None)

    with pytest.raises(RuntimeError, match="ValidationFailed") as caught:
        synthesize({"databases": [{"name": "app", "secret_arn": SECRET.format("app")}]})

    (path,) = [word for word in str(caught.value).split() if word.endswith(".json")]
    (report,) = json.loads(Path(path).read_text())["pluginReports"]
    rules = {violation["ruleName"].partition("[")[0] for violation in report["violations"]}
    assert rules == {
        "AwsSolutions-CB4",
        "AwsSolutions-IAM5",
        "AwsSolutions-L1",
        "AwsSolutions-S1",
        "AwsSolutions-SQS3",
    }


def test_cfn_lint_has_nothing_to_say(any_stack: Synthesized) -> None:
    from cfnlint.api import ManualArgs, lint  # type: ignore[import-untyped]

    # W3005: the CDK orders a function after its role, which the role's ARN in it does anyway.
    config = ManualArgs(regions=[REGION], ignore_checks=["W3005"])

    assert [str(match) for match in lint(json.dumps(any_stack.body), config=config)] == []

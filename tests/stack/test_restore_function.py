"""The function that restores: what it may do, and that nobody but a person starts it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import MAX_DATABASES, Settings
from tests.stack.stacks import PLAIN, SECRET, SECRET_KEY, TARGET_KEY, Synthesized
from tests.stack.test_roles import RECORD, TIERS, may, role_of, statements_of

NAME = "Lifeboat-restore"
OWNER = SECRET.format("owner")


def function_of(stack: Synthesized) -> tuple[str, dict[str, Any]]:
    """Its logical name and properties."""
    found = stack.template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"FunctionName": NAME}}
    )
    ((name, resource),) = found.items()
    return name, resource["Properties"]


def test_it_may_read_and_thaw_backups_and_write_reports_and_exports(plain: Synthesized) -> None:
    allowed = role_of(plain, NAME)

    assert may(allowed) == {
        "ListBackupsAndReports": ("Allow", ["s3:ListBucket"]),
        "ReadBackupsAndReports": ("Allow", ["s3:GetObject", "s3:GetObjectVersion"]),
        "ThawBackups": ("Allow", ["s3:RestoreObject"]),
        "PutReports": ("Allow", ["s3:PutObject"]),
        "LockReports": ("Allow", ["s3:PutObjectRetention"]),
        "PutAndSignExports": (
            "Allow",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
        ),
        "ReadTargetSecrets": ("Allow", ["secretsmanager:GetSecretValue"]),
        **RECORD,
        "StartJob": ("Allow", ["codebuild:StartBuild"]),
        "PublishAlerts": ("Allow", ["sns:Publish"]),
        "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
    }
    bucket = allowed["ListBackupsAndReports"]["Resource"][0]
    assert allowed["ThawBackups"]["Resource"] == [f"{bucket}/{tier}/*" for tier in sorted(TIERS)]
    assert allowed["PutReports"]["Resource"] == [f"{bucket}/restores/*"]
    assert allowed["LockReports"]["Resource"] == [f"{bucket}/restores/*"]
    assert allowed["WriteAttempts"]["Resource"] == [
        f"{bucket}/attempts/{database}.restore.json" for database in ("app", "shop")
    ]
    assert allowed["ClaimNotifications"]["Resource"] == [f"{bucket}/attempts/notified/restore/*"]
    assert allowed["PutAndSignExports"]["Resource"] == [f"{bucket}/exports/*"]
    assert allowed["ReadTargetSecrets"]["Resource"] == [SECRET.format("app"), SECRET.format("shop")]


def test_it_reads_the_secrets_of_databases_and_targets_with_their_keys(
    sealed: Synthesized,
) -> None:
    allowed = role_of(sealed, NAME)

    secrets = [SECRET.format("app"), OWNER]
    assert allowed["ReadTargetSecrets"]["Resource"] == secrets
    assert allowed["DecryptTargetSecrets"]["Resource"] == [SECRET_KEY, TARGET_KEY]
    context = allowed["DecryptTargetSecrets"]["Condition"]["StringEquals"]
    assert sorted(context["kms:EncryptionContext:SecretARN"]) == secrets
    assert context["kms:ViaService"] == "secretsmanager.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_nothing_in_the_stack_starts_it(request: pytest.FixtureRequest, kind: str) -> None:
    """No schedule, no event source, no resource policy, no other role."""
    stack: Synthesized = request.getfixturevalue(kind)
    name, _ = function_of(stack)
    users = [
        (kind, resource)
        for resource, kind in (
            (logical, each["Type"])
            for logical, each in stack.body["Resources"].items()
            if name in json.dumps(each.get("Properties", {}))
        )
    ]
    assert sorted(kind for kind, _ in users) == [
        "AWS::CodeBuild::Project",  # whose builds are told the name
        "AWS::Lambda::EventInvokeConfig",
    ]
    permission = stack.only("AWS::Lambda::Permission")
    assert "Monitor" in permission["FunctionName"]["Fn::GetAtt"][0]
    stack.template.resource_count_is("AWS::Lambda::EventSourceMapping", 0)
    stack.template.resource_count_is("AWS::Lambda::Url", 0)
    invoking = [
        statement["Resource"]
        for role in stack.of_type("AWS::IAM::Role")
        for statement in statements_of(role).values()
        if "lambda:InvokeFunction" in statement["Action"]
    ]
    assert invoking
    assert not [resources for resources in invoking if "Restore" in str(resources)]


def test_the_outputs_say_how_to_begin_and_what_a_person_needs_for_it(plain: Synthesized) -> None:
    name, _ = function_of(plain)
    outputs = plain.body["Outputs"]
    assert "--function-name Lifeboat-restore " in outputs["RestoreCommand"]["Value"]
    assert '{"action": "list", "database": "app"}' in outputs["RestoreCommand"]["Value"]
    assert outputs["RestoreInvokePolicy"]["Value"] == {
        "Fn::Join": ["", ["lambda:InvokeFunction on ", {"Fn::GetAtt": [name, "Arn"]}]]
    }


def test_it_is_as_the_settings_want_it(plain: Synthesized, sealed: Synthesized) -> None:
    _, function = function_of(plain)
    assert (function["MemorySize"], function["Timeout"]) == (3008, 900)
    assert function["EphemeralStorage"] == {"Size": 4096}
    _, function = function_of(sealed)
    assert (function["MemorySize"], function["Timeout"]) == (2048, 840)
    assert "VpcConfig" in function


def test_it_knows_which_databases_have_jobs_where_any_has(
    synthesize: Callable[..., Synthesized],
) -> None:
    app, shop = PLAIN["databases"]
    mixed = {
        "databases": [app | {"engine": "function"}, shop],
        "job": {"restore_compute": "large"},
        "architecture": "x86_64",
    }
    _, function = function_of(synthesize(mixed, judged=False))
    known = json.loads(function["Environment"]["Variables"]["LIFEBOAT_SETTINGS"])

    assert [each.get("engine") for each in known["databases"]] == ["function", None]
    assert known["job"] == {"restore_compute": "large"}
    assert known["architecture"] == "x86_64"


def test_it_knows_all_databases_and_no_more_than_it_needs(plain: Synthesized) -> None:
    _, function = function_of(plain)
    text = function["Environment"]["Variables"]["LIFEBOAT_SETTINGS"]
    assert json.loads(text) == {
        "databases": [
            {"name": each["name"], "secret_arn": each["secret_arn"]} for each in PLAIN["databases"]
        ]
    }
    assert [each.name for each in Settings.model_validate_json(text).databases] == ["app", "shop"]


def thaw_rules_of(stack: Synthesized) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, each["Properties"])
        for name, each in stack.template.find_resources("AWS::Events::Rule").items()
        if each["Properties"]["EventPattern"]["source"] == ["aws.s3"]
    ]


def test_the_topic_hears_when_an_archive_has_been_thawed(plain: Synthesized) -> None:
    bucket = plain.only("AWS::S3::Bucket")
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    (rule,) = [each for _, each in thaw_rules_of(plain)]
    assert rule["EventPattern"]["detail-type"] == ["Object Restore Completed"]
    assert rule["EventPattern"]["source"] == ["aws.s3"]
    (name,) = plain.template.find_resources("AWS::S3::Bucket")
    assert rule["EventPattern"]["detail"] == {"bucket": {"name": [{"Ref": name}]}}
    (topic,) = plain.template.find_resources("AWS::SNS::Topic")
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": topic}
    lines = target["InputTransformer"]["InputTemplate"].splitlines()
    assert lines[0] == '"Lifeboat: an archived backup is available"'
    assert "can be restored until" in lines[1]
    assert all(line[0] == line[-1] == '"' for line in lines)


def test_slack_hears_of_a_thaw_in_the_only_form_that_it_shows(
    synthesize: Callable[..., Synthesized],
) -> None:
    slack = synthesize(PLAIN | {"alerts": {"slack": True}}, judged=False)

    ((_, rule),) = thaw_rules_of(slack)
    (target,) = rule["Targets"]
    told = json.loads(target["InputTransformer"]["InputTemplate"])
    assert (told["version"], told["source"]) == ("1.0", "custom")
    assert told["content"]["title"] == "Lifeboat: an archived backup is available"
    assert told["content"]["description"].startswith("<key> has been retrieved from Glacier")


def test_only_that_rule_may_publish_for_eventbridge(plain: Synthesized) -> None:
    ((name, _),) = thaw_rules_of(plain)
    statements = plain.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [each for each in statements if each.get("Sid") == "AllowEventBridgePublish"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [name, "Arn"]}}}


def test_more_secrets_than_its_environment_holds_are_refused_with_the_way_out() -> None:
    """The other functions have room for all databases that the settings allow."""
    from infra.restore_function import _as_variable

    def settings(databases: int) -> Settings:
        return Settings.model_validate(
            {
                "databases": [
                    {
                        "name": f"app-{number:02}",
                        "secret_arn": SECRET.format(f"app-{number:02}"),
                        "engine": "function",
                    }
                    for number in range(databases)
                ]
            }
        )

    assert len(_as_variable(settings(30))) <= 3500
    with pytest.raises(
        SettingsError, match=r"the restore function take .* room for 3500"
    ) as caught:
        _as_variable(settings(MAX_DATABASES))
    assert "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'" in caught.value.todo
    assert "restore.enabled" in caught.value.todo

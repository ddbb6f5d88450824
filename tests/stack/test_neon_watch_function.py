"""The function that asks Neon: it may read Neon's API keys, and little else."""

import json

from lifeboat.settings import ProviderSettings
from tests.stack.stacks import (
    IN_NEON,
    KEY,
    NEON_PARAMETER,
    NEON_SECRET,
    NEON_SECRET_KEY,
    SECRET,
    Synthesized,
)
from tests.stack.test_roles import may, role_of, roles_of, statements_of

NAME = "Lifeboat-neon-watch"
RESTORE = "Lifeboat-neon-restore"
BROKER = "Lifeboat-neon-broker"


def test_the_role_may_do_exactly_this(in_neon: Synthesized) -> None:
    allowed = role_of(in_neon, NAME)

    network = allowed.pop("ManageNetworkInterfaces")["Action"]
    denied = allowed.pop("DenyEniCallsFromFunctionCode")
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == network
    assert may(allowed) == {
        "ReadNeonKeys": ("Allow", ["secretsmanager:GetSecretValue"]),
        "DecryptNeonKeys": ("Allow", ["kms:Decrypt"]),
        "ReadNeonKeysInParameterStore": ("Allow", ["ssm:GetParameter"]),
        "DecryptNeonKeysInParameterStore": ("Allow", ["kms:Decrypt"]),
        "PutReports": ("Allow", ["s3:PutObject"]),
        "ReadReports": ("Allow", ["s3:GetObject"]),
        "ListReports": ("Allow", ["s3:ListBucket"]),
        "UseBucketKey": ("Allow", ["kms:Decrypt", "kms:GenerateDataKey"]),
        "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
    }
    (bucket,) = allowed["ListReports"]["Resource"]
    reports = [f"{bucket}/providers/app.json", f"{bucket}/providers/shop.json"]
    assert allowed["PutReports"]["Resource"] == allowed["ReadReports"]["Resource"] == reports
    assert allowed["ListReports"]["Condition"] == {
        "StringLike": {"s3:prefix": ["providers/app.json*", "providers/shop.json*"]}
    }
    assert allowed["ReadNeonKeys"]["Resource"] == [NEON_SECRET]
    assert allowed["ReadNeonKeysInParameterStore"]["Resource"] == [NEON_PARAMETER]
    assert allowed["DecryptNeonKeys"]["Resource"] == [NEON_SECRET_KEY]
    assert allowed["DecryptNeonKeys"]["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": NEON_SECRET,
    }
    assert allowed["UseBucketKey"]["Resource"] == [KEY]
    assert allowed["WriteLogs"]["Resource"][0].startswith("<NeonWatchLog")
    assert SECRET.format("app") not in str(allowed)


def test_only_restores_and_branches_need_a_key_too_and_nobody_else_writes_what_neon_says(
    in_neon: Synthesized,
) -> None:
    readers, writers = [], []
    for service in ("lambda", "codebuild", "scheduler"):
        for role in roles_of(in_neon, service):
            statements = statements_of(role)
            if any(each in str(statements) for each in (NEON_SECRET, NEON_PARAMETER)):
                readers.append(statements)
            writers += [
                statements
                for each in statements.values()
                if "s3:PutObject" in each["Action"]
                and any(key.endswith("/providers/app.json") for key in each["Resource"])
            ]
    assert readers == [role_of(in_neon, each) for each in (NAME, RESTORE, BROKER)]
    assert writers == [role_of(in_neon, NAME)]


def test_no_other_function_knows_where_the_key_is(in_neon: Synthesized) -> None:
    for function in in_neon.of_type("AWS::Lambda::Function"):
        knows = any(each in str(function) for each in (NEON_SECRET, NEON_PARAMETER))
        assert knows == (function["FunctionName"] in {NAME, RESTORE, BROKER})


def test_the_function_knows_its_databases_alone_and_no_other_api(in_neon: Synthesized) -> None:
    (function,) = in_neon.functions("provider_watch").values()
    assert function["FunctionName"] == NAME
    assert (function["MemorySize"], function["Timeout"]) == (512, 300)
    assert function["VpcConfig"]["SubnetIds"] == IN_NEON["network"]["subnet_ids"]
    variables = dict(function["Environment"]["Variables"])
    settings = ProviderSettings.model_validate(json.loads(variables["LIFEBOAT_SETTINGS"]))
    assert [each.name for each in settings.databases] == ["app", "shop"]
    assert settings.kms_key == KEY
    assert variables.keys() == {
        "LIFEBOAT_BUCKET",
        "LIFEBOAT_TOPIC",
        "LIFEBOAT_SETTINGS",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
    }


def test_it_is_asked_every_hour_before_the_monitor_looks(in_neon: Synthesized) -> None:
    schedules = {each["Name"]: each for each in in_neon.of_type("AWS::Scheduler::Schedule")}
    assert schedules[NAME]["ScheduleExpression"] == "cron(10 * * * ? *)"
    assert schedules["Lifeboat-monitor"]["ScheduleExpression"] == "cron(15 * * * ? *)"


def test_without_neon_there_is_no_such_function(any_stack: Synthesized) -> None:
    assert not any_stack.functions("provider_watch")
    assert "neon" not in json.dumps(any_stack.body["Resources"]).lower()

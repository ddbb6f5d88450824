"""The function that makes branches, and who may use what it makes: to the letter."""

import json
from typing import Any

import pytest

from lifeboat.settings import BrokerSettings
from tests.stack.stacks import (
    IN_NEON,
    NEON_PARAMETER,
    NEON_SECRET,
    NEON_SECRET_KEY,
    SECRET,
    SECRET_KEY,
    Synthesized,
)
from tests.stack.test_roles import may, role_of, roles_of, statements_of

NAME = "Lifeboat-neon-broker"
BRANCH_SECRET = "<NeonBrokerSecretapp.Id>"
DRILL_SECRET = "<NeonBrokerDrillSecretshop.Id>"


def test_the_brokers_role_may_do_exactly_this(in_neon: Synthesized) -> None:
    allowed = role_of(in_neon, NAME)
    network = allowed.pop("ManageNetworkInterfaces")["Action"]
    assert allowed.pop("DenyEniCallsFromFunctionCode")["Action"] == network
    read = ("Allow", ["secretsmanager:GetSecretValue"])
    assert may(allowed) == {
        "ReadNeonKeys": read,
        "ReadNeonKeysInParameterStore": ("Allow", ["ssm:GetParameter"]),
        "DecryptNeonKeysInParameterStore": ("Allow", ["kms:Decrypt"]),
        "DecryptNeonKeys": ("Allow", ["kms:Decrypt"]),
        "ReadDatabaseSecrets": read,
        "DecryptDatabaseSecrets": ("Allow", ["kms:Decrypt"]),
        "WriteBranchSecrets": ("Allow", ["secretsmanager:PutSecretValue"]),
        "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
    }
    assert allowed["ReadNeonKeys"]["Resource"] == [NEON_SECRET]
    assert allowed["DecryptNeonKeys"]["Resource"] == [NEON_SECRET_KEY]
    assert allowed["ReadDatabaseSecrets"]["Resource"] == [SECRET.format("app")]
    assert allowed["DecryptDatabaseSecrets"]["Resource"] == [SECRET_KEY]
    assert allowed["WriteBranchSecrets"]["Resource"] == [DRILL_SECRET, BRANCH_SECRET]
    assert SECRET.format("shop") not in str(allowed)


def test_a_backup_that_reads_a_branch_may_do_this_besides_and_so_may_its_job(
    in_neon: Synthesized,
) -> None:
    jobs = [statements_of(role) for role in roles_of(in_neon, "codebuild")]
    (job,) = [each for each in jobs if BRANCH_SECRET in str(each)]
    for allowed in (role_of(in_neon, "Lifeboat-backup-app"), job):
        assert may(allowed)["InvokeBroker"] == ("Allow", ["lambda:InvokeFunction"])
        (function,) = allowed["InvokeBroker"]["Resource"]
        assert function == f"arn:aws:lambda:eu-central-1:123456789012:function:{NAME}"
        assert may(allowed)["ReadBranchSecret"] == ("Allow", ["secretsmanager:GetSecretValue"])
        assert allowed["ReadBranchSecret"]["Resource"] == [BRANCH_SECRET]
        assert NEON_SECRET not in str(allowed)


def test_a_drill_that_restores_into_a_branch_may_do_this_besides_and_so_may_its_job(
    in_neon: Synthesized,
) -> None:
    jobs = [statements_of(role) for role in roles_of(in_neon, "codebuild")]
    (job,) = [each for each in jobs if DRILL_SECRET in str(each)]
    other = role_of(in_neon, "Lifeboat-drill-blog")
    for allowed in (role_of(in_neon, "Lifeboat-drill-shop"), job):
        assert may(allowed)["InvokeBroker"] == ("Allow", ["lambda:InvokeFunction"])
        (function,) = allowed["InvokeBroker"]["Resource"]
        assert function == f"arn:aws:lambda:eu-central-1:123456789012:function:{NAME}"
        assert allowed["ReadBranchSecret"]["Resource"] == [DRILL_SECRET]
        secrets = {SECRET.format("shop"), NEON_PARAMETER, NEON_SECRET, BRANCH_SECRET}
        assert not [each for each in secrets if each in str(allowed)]
    shop = set(role_of(in_neon, "Lifeboat-drill-shop"))
    assert shop - set(other) == {"InvokeBroker", "ReadBranchSecret"}


@pytest.mark.parametrize("secret", [BRANCH_SECRET, DRILL_SECRET])
def test_nobody_else_may_use_the_broker_or_the_branch(in_neon: Synthesized, secret: str) -> None:
    users: list[str] = []
    readers: list[str] = []
    writers: list[str] = []
    for service in ("lambda", "codebuild", "scheduler"):
        for role in roles_of(in_neon, service):
            for sid, each in statements_of(role).items():
                if any(NAME in resource for resource in each["Resource"]):
                    users.append(sid)
                if secret in each["Resource"]:
                    reads = each["Action"] == ["secretsmanager:GetSecretValue"]
                    (readers if reads else writers).append(sid)
    assert users == ["InvokeBroker"] * 4
    assert readers == ["ReadBranchSecret"] * 2
    assert writers == ["WriteBranchSecrets"]


def test_each_run_knows_its_own_secret_and_the_others_none(in_neon: Synthesized) -> None:
    def variables(function: str) -> dict[str, Any]:
        (found,) = [
            each
            for each in in_neon.of_type("AWS::Lambda::Function")
            if each["FunctionName"] == function
        ]
        return dict(found["Environment"]["Variables"])

    of_app = variables("Lifeboat-backup-app")
    assert of_app["LIFEBOAT_BRANCH_BROKER"] == NAME
    assert "NeonBrokerSecretapp" in str(of_app["LIFEBOAT_BRANCH_SECRET"])
    of_shop = variables("Lifeboat-drill-shop")
    assert of_shop["LIFEBOAT_BRANCH_BROKER"] == NAME
    assert "NeonBrokerDrillSecretshop" in str(of_shop["LIFEBOAT_BRANCH_SECRET"])
    assert '"drill_target":"neon-branch"' in of_shop["LIFEBOAT_SETTINGS"]
    for other in ("Lifeboat-backup-shop", "Lifeboat-drill-app", "Lifeboat-monitor"):
        assert "BRANCH" not in str(variables(other))
    for job in in_neon.of_type("AWS::CodeBuild::Project"):
        uses = job["Name"] in {"Lifeboat-backup-app-job", "Lifeboat-drill-shop-job"}
        assert ("LIFEBOAT_BRANCH_SECRET" in str(job["Environment"])) is uses
    broker = variables(NAME)
    settings = BrokerSettings.model_validate(json.loads(broker["LIFEBOAT_SETTINGS"]))
    assert (settings.names("backup"), settings.names("drill")) == (("app",), ("shop",))
    assert settings.job_hours == 12
    arns = str(broker["LIFEBOAT_BRANCH_SECRETS"])
    for begin in ('{"backup":{"app":"', '"},"drill":{"shop":"'):
        assert begin in arns
    secrets = in_neon.of_type("AWS::SecretsManager::Secret")
    assert [each["SecretString"] for each in secrets] == ["-", "-"]


def test_the_broker_runs_where_databases_are_met(in_neon: Synthesized) -> None:
    (function,) = in_neon.functions("neon_broker").values()
    assert (function["MemorySize"], function["Timeout"]) == (512, 300)
    assert function["VpcConfig"]["SubnetIds"] == IN_NEON["network"]["subnet_ids"]


def test_who_reads_no_branch_has_no_broker(any_stack: Synthesized) -> None:
    assert not any_stack.functions("neon_broker")
    assert "BRANCH" not in json.dumps(any_stack.body["Resources"])

"""The function that restores by Neon: what it may do, and that nobody but a person starts it."""

import json

from lifeboat.settings import NeonRestoreSettings
from tests.stack.stacks import NEON_SECRET, NEON_SECRET_KEY, SECRET, Synthesized
from tests.stack.test_roles import may, role_of

NAME = "Lifeboat-neon-restore"


def test_the_role_may_do_exactly_this(in_neon: Synthesized) -> None:
    allowed = role_of(in_neon, NAME)

    network = allowed.pop("ManageNetworkInterfaces")["Action"]
    assert allowed.pop("DenyEniCallsFromFunctionCode")["Action"] == network
    assert may(allowed) == {
        "ReadNeonKeys": ("Allow", ["secretsmanager:GetSecretValue"]),
        "DecryptNeonKeys": ("Allow", ["kms:Decrypt"]),
        "BackUpFirst": ("Allow", ["lambda:InvokeFunction"]),
        "ListPlansAndBackups": ("Allow", ["s3:ListBucket"]),
        "WritePlans": ("Allow", ["s3:GetObject", "s3:PutObject"]),
        "PutReports": ("Allow", ["s3:PutObject"]),
        "LockReports": ("Allow", ["s3:PutObjectRetention"]),
        "PublishAlerts": ("Allow", ["sns:Publish"]),
        "UseBucketKey": ("Allow", ["kms:Decrypt", "kms:GenerateDataKey"]),
        "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
    }
    (bucket,) = allowed["ListPlansAndBackups"]["Resource"]
    assert allowed["ListPlansAndBackups"]["Condition"] == {
        "StringLike": {"s3:prefix": ["providers/app.restore.json*", "manual/app/*"]}
    }
    assert allowed["WritePlans"]["Resource"] == [f"{bucket}/providers/app.restore.json"]
    reports = [f"{bucket}/restores/app/neon/*"]
    assert allowed["PutReports"]["Resource"] == allowed["LockReports"]["Resource"] == reports
    (backup,) = allowed["BackUpFirst"]["Resource"]
    assert backup.endswith(":function:Lifeboat-backup-app")
    assert allowed["ReadNeonKeys"]["Resource"] == [NEON_SECRET]
    assert allowed["DecryptNeonKeys"]["Resource"] == [NEON_SECRET_KEY]
    assert SECRET.format("app") not in str(allowed)


def test_it_knows_only_databases_that_allow_it(in_neon: Synthesized) -> None:
    (function,) = in_neon.functions("neon_restore").values()
    assert (function["FunctionName"], function["Timeout"]) == (NAME, 900)
    variables = function["Environment"]["Variables"]
    settings = NeonRestoreSettings.model_validate(json.loads(variables["LIFEBOAT_SETTINGS"]))
    assert [each.name for each in settings.databases] == ["app"]
    assert variables["LIFEBOAT_BACKUP_FUNCTIONS"] == "Lifeboat-backup-"
    assert len(function["Layers"]) == 2
    assert len(in_neon.functions("backup")["Lifeboat-backup-app"]["Layers"]) == 2


def test_nothing_but_a_person_starts_it(in_neon: Synthesized) -> None:
    assert NAME not in [each["Name"] for each in in_neon.of_type("AWS::Scheduler::Schedule")]
    for kind in ("AWS::Lambda::Permission", "AWS::Events::Rule"):
        assert "NeonRestore" not in json.dumps(in_neon.of_type(kind))


def test_without_the_setting_there_is_no_such_function(any_stack: Synthesized) -> None:
    assert not any_stack.functions("neon_restore")

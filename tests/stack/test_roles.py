"""What the functions and schedules may do, to the letter."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.stack.stacks import (
    HEARTBEAT,
    KEY,
    OTHER_PARAMETER,
    PARAMETER,
    SECRET,
    SECRET_KEY,
    TARGET_KEY,
    TARGETS,
    TOPIC_KEY,
    WEBHOOK,
    WEBHOOK_KEY,
    Synthesized,
)

TIERS = ("daily", "manual", "monthly", "weekly")
LOCK = ("Allow", ["s3:PutObjectRetention"])
RECORD = {sid: ("Allow", ["s3:PutObject"]) for sid in ("WriteAttempts", "ClaimNotifications")}
HAND_OVER = {"StartJob": ("Allow", ["codebuild:StartBuild"])}
TELL_AND_LOG = {
    "PublishAlerts": ("Allow", ["sns:Publish"]),
    "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
}


def may(role: dict[str, dict[str, Any]]) -> dict[str, tuple[str, list[str]]]:
    return {sid: (each["Effect"], each["Action"]) for sid, each in role.items()}


def roles_of(stack: Synthesized, service: str) -> list[dict[str, Any]]:
    return [
        role
        for role in stack.of_type("AWS::IAM::Role")
        if role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        == {"Service": f"{service}.amazonaws.com"}
    ]


def role_of(stack: Synthesized, function: str) -> dict[str, dict[str, Any]]:
    """The statements of a function's role."""
    (found,) = [
        each for each in stack.of_type("AWS::Lambda::Function") if each["FunctionName"] == function
    ]
    (role, _) = found["Role"]["Fn::GetAtt"]
    return statements_of(stack.body["Resources"][role]["Properties"])


def statements_of(role: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The statements of a role's only policy by their ids, with lists where one may stand."""
    (policy,) = role["Policies"]
    return {
        statement["Sid"]: statement
        | {key: sorted(as_texts(statement[key])) for key in ("Action", "Resource")}
        | ({"Condition": readable(statement["Condition"])} if "Condition" in statement else {})
        for statement in policy["PolicyDocument"]["Statement"]
    }


def readable(value: Any) -> Any:
    """A condition with intrinsic functions as readable text."""
    match value:
        case {"Fn::Join": _} | {"Ref": _}:
            return as_text(value)
        case dict():
            return {key: readable(each) for key, each in value.items()}
    return value


def as_texts(value: Any) -> list[str]:
    return [as_text(each) for each in (value if isinstance(value, list) else [value])]


def as_text(value: Any) -> str:
    """A value with intrinsic functions as readable text: `<Bucket.Arn>/daily/*`."""
    match value:
        case str():
            return value
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource.split('0')[0].rstrip('0123456789ABCDEF')}.{attribute}>"
        case {"Fn::Join": ["", parts]}:
            return "".join(as_text(part) for part in parts)
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": "AWS::URLSuffix"}:
            return "amazonaws.com"
        case {"Ref": resource}:
            return f"<{resource.rstrip('0123456789ABCDEF')}>"
    raise AssertionError(value)


def test_a_backup_role_may_do_exactly_this(plain: Synthesized) -> None:
    allowed = role_of(plain, "Lifeboat-backup-app")

    assert may(allowed) == {
        "ReadDatabaseSecret": ("Allow", ["secretsmanager:GetSecretValue"]),
        "PutBackups": (
            "Allow",
            ["s3:AbortMultipartUpload", "s3:PutObject"],
        ),
        **{f"Lock{tier.capitalize()}Backups": LOCK for tier in TIERS},
        "ReadManifests": ("Allow", ["s3:GetObject"]),
        "ListBackups": ("Allow", ["s3:ListBucket"]),
        **RECORD,
        **HAND_OVER,
        **TELL_AND_LOG,
    }
    bucket = allowed["ListBackups"]["Resource"][0]
    assert bucket.startswith("<VaultBucket")
    assert allowed["WriteAttempts"]["Resource"] == [f"{bucket}/attempts/app.json"]
    assert allowed["ClaimNotifications"]["Resource"] == [f"{bucket}/attempts/notified/backup/*"]
    assert allowed["PutBackups"]["Resource"] == [f"{bucket}/{tier}/app/*" for tier in TIERS]
    assert allowed["ReadManifests"]["Resource"] == [
        f"{bucket}/{tier}/app/*/manifest.json" for tier in TIERS
    ]
    assert allowed["ListBackups"]["Resource"] == [bucket]
    (like,) = allowed["ListBackups"]["Condition"].values()
    assert allowed["ListBackups"]["Condition"] == {"StringLike": like}
    assert like.keys() == {"s3:prefix"}
    assert sorted(like["s3:prefix"]) == [f"{tier}/app/*" for tier in TIERS]
    assert allowed["WriteLogs"]["Resource"][0].startswith("<DatabaseappBackupLog")
    assert allowed["PublishAlerts"]["Resource"] == ["<AlertsTopic>"]


@pytest.mark.parametrize(
    ("kind", "mode", "days"),
    [
        ("plain", "GOVERNANCE", {"daily": 30, "weekly": 90, "monthly": 365, "manual": 365}),
        ("sealed", "COMPLIANCE", {"daily": 30, "weekly": 90, "monthly": 365, "manual": 365}),
        ("unlocked", None, {}),
    ],
)
def test_a_backup_role_locks_in_the_mode_and_for_the_days_of_the_settings_only(
    request: pytest.FixtureRequest, kind: str, mode: str | None, days: dict[str, int]
) -> None:
    """Whoever takes over the function could else lock anything for a hundred years."""
    allowed = role_of(request.getfixturevalue(kind), "Lifeboat-backup-app")

    locks = {sid: each for sid, each in allowed.items() if LOCK[1] == each["Action"]}
    assert locks.keys() == {f"Lock{tier.capitalize()}Backups" for tier in days}
    for tier, most in days.items():
        lock = locks[f"Lock{tier.capitalize()}Backups"]
        (keys,) = lock["Resource"]
        assert keys.endswith(f"/{tier}/app/*")
        assert lock["Condition"] == {
            "StringEquals": {"s3:object-lock-mode": mode},
            "NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": str(most)},
        }


def test_a_drill_role_may_do_exactly_this(plain: Synthesized) -> None:
    allowed = role_of(plain, "Lifeboat-drill-app")

    assert may(allowed) == {
        "ListBackups": ("Allow", ["s3:ListBucket"]),
        "ReadBackups": ("Allow", ["s3:GetObject", "s3:GetObjectVersion"]),
        "PutReports": ("Allow", ["s3:PutObject"]),
        "LockReports": ("Allow", ["s3:PutObjectRetention"]),
        **RECORD,
        **HAND_OVER,
        **TELL_AND_LOG,
    }
    bucket = allowed["ListBackups"]["Resource"][0]
    assert allowed["WriteAttempts"]["Resource"] == [f"{bucket}/attempts/app.drill.json"]
    assert allowed["ClaimNotifications"]["Resource"] == [f"{bucket}/attempts/notified/drill/*"]
    prefixes = sorted([*(f"{tier}/app/*" for tier in TIERS), "drills/app/*"])
    assert allowed["ReadBackups"]["Resource"] == [f"{bucket}/{prefix}" for prefix in prefixes]
    assert allowed["PutReports"]["Resource"] == [f"{bucket}/drills/app/*"]
    assert allowed["LockReports"]["Resource"] == [f"{bucket}/drills/app/*"]
    assert allowed["LockReports"]["Condition"] == {
        "StringEquals": {"s3:object-lock-mode": "GOVERNANCE"},
        "NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": "400"},
    }
    assert allowed["ListBackups"]["Resource"] == [bucket]
    (like,) = allowed["ListBackups"]["Condition"].values()
    assert allowed["ListBackups"]["Condition"] == {"StringLike": like}
    assert sorted(like["s3:prefix"]) == prefixes
    assert like.keys() == {"s3:prefix"}
    assert allowed["WriteLogs"]["Resource"][0].startswith("<DatabaseappDrillLog")
    assert allowed["PublishAlerts"]["Resource"] == ["<AlertsTopic>"]


def test_a_drill_sees_the_secrets_of_its_targets_and_no_sources(sealed: Synthesized) -> None:
    allowed = role_of(sealed, "Lifeboat-drill-app")

    assert allowed["ReadTargetSecrets"]["Action"] == ["secretsmanager:GetSecretValue"]
    assert allowed["ReadTargetSecrets"]["Resource"] == sorted(TARGETS)
    assert allowed["DecryptTargetSecrets"]["Action"] == ["kms:Decrypt"]
    assert allowed["DecryptTargetSecrets"]["Resource"] == [TARGET_KEY]
    assert allowed["DecryptTargetSecrets"]["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": TARGETS,
    }
    assert SECRET.format("app") not in str(allowed)
    assert SECRET_KEY not in str(allowed)


def test_a_parameter_is_read_by_its_arn_and_decrypted_through_its_own_service_only(
    synthesize: Callable[..., Synthesized],
) -> None:
    settings = {
        "databases": [{"name": "app", "secret_arn": PARAMETER, "secret_key_arn": SECRET_KEY}],
        "restore": {"target_secret_arns": [SECRET.format("owner"), OTHER_PARAMETER]},
        "drill": {"target_secret_arns": [OTHER_PARAMETER]},
    }
    stack = synthesize(settings, judged=False)

    backup = role_of(stack, "Lifeboat-backup-app")
    assert "ReadDatabaseSecret" not in backup
    assert backup["ReadDatabaseSecretInParameterStore"]["Action"] == ["ssm:GetParameter"]
    assert backup["ReadDatabaseSecretInParameterStore"]["Resource"] == [PARAMETER]
    assert backup["DecryptDatabaseSecretInParameterStore"]["Action"] == ["kms:Decrypt"]
    assert backup["DecryptDatabaseSecretInParameterStore"]["Resource"] == [SECRET_KEY]
    assert readable(backup["DecryptDatabaseSecretInParameterStore"]["Condition"])[
        "StringEquals"
    ] == {
        "kms:ViaService": "ssm.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:PARAMETER_ARN": PARAMETER,
    }
    drill = role_of(stack, "Lifeboat-drill-app")
    assert drill["ReadTargetSecretsInParameterStore"]["Resource"] == [OTHER_PARAMETER]
    assert PARAMETER not in str(drill)
    assert "kms:" not in str(drill), "AWS's own key needs no statement"
    restore = role_of(stack, "Lifeboat-restore")
    assert restore["ReadTargetSecrets"]["Resource"] == [SECRET.format("owner")]
    assert restore["ReadTargetSecretsInParameterStore"]["Resource"] == sorted(
        [PARAMETER, OTHER_PARAMETER]
    )


def test_the_monitor_may_do_exactly_this(plain: Synthesized) -> None:
    allowed = role_of(plain, "Lifeboat-monitor")

    assert may(allowed) == {
        "DescribeBucket": (
            "Allow",
            [
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:ListBucketVersions",
            ],
        ),
        "ReadManifestsAndReports": ("Allow", ["s3:GetObject"]),
        "ListTopicSubscriptions": ("Allow", ["sns:ListSubscriptionsByTopic"]),
        "WriteStateAndStatusPage": ("Allow", ["s3:PutObject"]),
        "PutEvidence": ("Allow", ["s3:PutObject"]),
        "LockEvidence": ("Allow", ["s3:PutObjectRetention"]),
        "LookAtJobs": ("Allow", ["codebuild:BatchGetBuilds"]),
        **TELL_AND_LOG,
    }
    assert allowed["LookAtJobs"]["Resource"] == [
        f"arn:aws:codebuild:eu-central-1:123456789012:project/Lifeboat-{name}-job"
        for name in ("backup-app", "backup-shop", "drill-app", "drill-shop", "restore")
    ]
    (bucket,) = allowed["DescribeBucket"]["Resource"]
    assert bucket.startswith("<VaultBucket")
    assert allowed["ReadManifestsAndReports"]["Resource"] == sorted(
        [
            *(f"{bucket}/{tier}/*/manifest.json" for tier in TIERS),
            f"{bucket}/attempts/*.json",
            f"{bucket}/drills/*.json",
            f"{bucket}/evidence/*",
            f"{bucket}/monitor/evidence.json",
            f"{bucket}/monitor/silences.json",
            f"{bucket}/monitor/state.json",
            f"{bucket}/status.html",
        ]
    )
    assert allowed["PutEvidence"]["Resource"] == [f"{bucket}/evidence/*"]
    assert allowed["LockEvidence"]["Resource"] == [f"{bucket}/evidence/*"]
    assert allowed["WriteStateAndStatusPage"]["Resource"] == [
        f"{bucket}/monitor/evidence.json",
        f"{bucket}/monitor/silences.json",
        f"{bucket}/monitor/state.json",
        f"{bucket}/status.html",
    ]
    (topic,) = allowed["ListTopicSubscriptions"]["Resource"]
    assert topic.startswith("<AlertsTopic")
    assert allowed["WriteLogs"]["Resource"][0].startswith("<MonitorLog")


def test_the_monitor_reads_what_neon_says_and_never_the_key(
    synthesize: Callable[..., Synthesized],
) -> None:
    apps: list[dict[str, Any]] = [
        {"name": name, "secret_arn": SECRET.format(name)} for name in ("app", "shop")
    ]
    key = SECRET.format("neon-key")
    apps[1]["neon"] = {"project_id": "shiny-wind-028834", "api_key_secret_arn": key}
    stack = synthesize({"databases": apps}, judged=False)
    allowed = role_of(stack, "Lifeboat-monitor")
    (bucket,) = allowed["DescribeBucket"]["Resource"]

    assert may(allowed)["ReadProviderReports"] == ("Allow", ["s3:GetObject"])
    assert allowed["ReadProviderReports"]["Resource"] == [f"{bucket}/providers/shop.json"]
    assert key not in str(allowed)


def test_the_monitor_sees_the_secret_of_its_webhook_and_no_databases(sealed: Synthesized) -> None:
    allowed = role_of(sealed, "Lifeboat-monitor")

    assert allowed["ReadWebhookSecret"]["Resource"] == [WEBHOOK]
    assert allowed["DecryptWebhookSecret"]["Resource"] == [WEBHOOK_KEY]
    assert allowed["DecryptWebhookSecret"]["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": WEBHOOK,
    }
    assert allowed["ReadHeartbeatSecret"]["Resource"] == [HEARTBEAT]
    assert allowed["DecryptHeartbeatSecret"]["Resource"] == [WEBHOOK_KEY]
    for secret in (SECRET.format("app"), SECRET_KEY, *TARGETS, TARGET_KEY):
        assert secret not in str(allowed)


def test_no_function_may_delete_unlock_or_change_what_is_there(any_stack: Synthesized) -> None:
    actions = {
        action
        for role in (*roles_of(any_stack, "lambda"), *roles_of(any_stack, "codebuild"))
        for statement in statements_of(role).values()
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        if action.startswith("s3:")
    }

    assert actions
    assert {action for action in actions if not action.startswith(("s3:Get", "s3:List"))} <= {
        "s3:PutObject",
        "s3:PutObjectRetention",
        "s3:AbortMultipartUpload",
        "s3:RestoreObject",  # makes a copy readable for some days
    }


def test_no_function_can_write_what_another_one_answers_for(plain: Synthesized) -> None:
    """Who writes backups can't forge a drill's verdict, and the other way round."""
    written = {
        name: {
            resource.partition("/")[2].partition("/")[0]
            for statement in role_of(plain, name).values()
            if "s3:PutObject" in statement["Action"]
            for resource in statement["Resource"]
        }
        - {"attempts"}  # where each has keys of its own
        for name in (
            "Lifeboat-backup-app",
            "Lifeboat-drill-app",
            "Lifeboat-monitor",
            "Lifeboat-restore",
        )
    }

    assert written == {
        "Lifeboat-backup-app": set(TIERS),
        "Lifeboat-drill-app": {"drills"},
        "Lifeboat-monitor": {"evidence", "monitor", "status.html"},
        "Lifeboat-restore": {"exports", "restores"},
    }


def test_a_backup_role_has_nothing_but_its_own_statements(any_stack: Synthesized) -> None:
    any_stack.template.resource_count_is("AWS::IAM::Policy", 0)
    any_stack.template.resource_count_is("AWS::IAM::ManagedPolicy", 0)
    for role in any_stack.of_type("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role
        assert len(role["Policies"]) == 1


@pytest.mark.parametrize("job", ["backup", "drill"])
def test_no_role_of_a_database_knows_another_one(plain: Synthesized, job: str) -> None:
    assert "shop" not in str(role_of(plain, f"Lifeboat-{job}-app"))
    assert "app" not in str(role_of(plain, f"Lifeboat-{job}-shop")).replace("Databaseshop", "")


def test_only_these_wildcards_are_in_use(plain: Synthesized, sealed: Synthesized) -> None:
    """Keys that begin with tier and database, and network interfaces, which have no names."""
    wild = {
        resource
        for stack in (plain, sealed)
        for role in stack.of_type("AWS::IAM::Role")
        for statement in statements_of(role).values()
        if statement["Effect"] == "Allow"
        for resource in statement["Resource"]
        if "*" in resource or "?" in resource
    }

    objects = {resource.partition("/")[2] for resource in wild if resource.startswith("<VaultB")}
    databases = ("app", "shop")
    of_backups = {
        f"{tier}/{database}/{rest}"
        for tier in TIERS
        for database in databases
        for rest in ("*", "*/manifest.json")
    }
    of_drills = {f"drills/{database}/*" for database in databases}
    of_the_monitor = {f"{tier}/*/manifest.json" for tier in TIERS}
    of_the_monitor |= {"drills/*.json", "attempts/*.json", "evidence/*"}
    claims = {f"attempts/notified/{kind}/*" for kind in ("backup", "drill", "restore")}
    of_restores = {f"{prefix}/*" for prefix in (*TIERS, "drills", "restores", "exports")}
    assert objects == of_backups | of_drills | claims | of_the_monitor | of_restores
    assert {resource for resource in wild if not resource.startswith("<VaultB")} == {
        "*",
        "arn:aws:ec2:eu-central-1:123456789012:network-interface/*",
    }


def test_no_action_is_a_wildcard(any_stack: Synthesized) -> None:
    actions = [
        action
        for role in any_stack.of_type("AWS::IAM::Role")
        for statement in statements_of(role).values()
        for action in statement["Action"]
    ]

    assert actions
    assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize("job", ["backup", "drill"])
def test_the_one_statement_about_everything_is_for_lambda_and_not_for_its_code(
    sealed: Synthesized, job: str
) -> None:
    statements = role_of(sealed, f"Lifeboat-{job}-app")

    about_everything = {
        sid for sid, statement in statements.items() if statement["Resource"] == ["*"]
    }
    assert about_everything == {"ManageNetworkInterfaces", "DenyEniCallsFromFunctionCode"}
    assert all(
        action.startswith("ec2:") for action in statements["ManageNetworkInterfaces"]["Action"]
    )
    denied = statements["DenyEniCallsFromFunctionCode"]
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == statements["ManageNetworkInterfaces"]["Action"]
    assert as_text(denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]) == (
        f"arn:aws:lambda:eu-central-1:123456789012:function:Lifeboat-{job}-app"
    )


@pytest.mark.parametrize("function", ["backup-app", "drill-app", "monitor"])
def test_keys_may_be_used_through_their_service_only(sealed: Synthesized, function: str) -> None:
    statements = role_of(sealed, f"Lifeboat-{function}")

    for sid, key, service in (
        ("UseBucketKey", KEY, "s3"),
        ("UseTopicKey", TOPIC_KEY, "sns"),
    ):
        used = statements[sid]
        assert (used["Action"], used["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], [key])
        assert used["Condition"] == {
            "StringEquals": {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}
        }


def test_a_backup_decrypts_its_own_secret_only(sealed: Synthesized) -> None:
    secret = role_of(sealed, "Lifeboat-backup-app")["DecryptDatabaseSecret"]

    assert (secret["Action"], secret["Resource"]) == (["kms:Decrypt"], [SECRET_KEY])
    assert secret["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": SECRET.format("app"),
    }


def test_without_object_lock_no_retention_may_be_put(unlocked: Synthesized) -> None:
    assert role_of(unlocked, "Lifeboat-backup-app")["PutBackups"]["Action"] == [
        "s3:AbortMultipartUpload",
        "s3:PutObject",
    ]


def test_a_schedule_may_invoke_its_own_function_and_nothing_else(plain: Synthesized) -> None:
    roles = roles_of(plain, "scheduler")

    assert len(roles) == 5
    invoked = set()
    for role in roles:
        statements = statements_of(role)
        assert {sid: each["Action"] for sid, each in statements.items()} == {
            "InvokeFunction": ["lambda:InvokeFunction"],
            "SendToDeadLetterQueue": ["sqs:SendMessage"],
        }
        (function,) = statements["InvokeFunction"]["Resource"]
        invoked.add(function)
        assert statements["SendToDeadLetterQueue"]["Resource"][0].startswith("<DeadLett")
    assert len(invoked) == 5


def test_no_other_accounts_schedule_can_borrow_the_role(plain: Synthesized) -> None:
    for role in roles_of(plain, "scheduler"):
        condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        assert condition["aws:SourceAccount"] == "123456789012"
        assert as_text(condition["aws:SourceArn"]) == (
            "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/default"
        )


def test_a_key_may_be_used_through_the_services_of_whatever_partition_it_is(
    sealed: Synthesized,
) -> None:
    """China's services end in amazonaws.com.cn, which only CloudFormation knows."""
    roles = [each for each in sealed.of_type("AWS::IAM::Role") if "Policies" in each]
    via = [
        each["Condition"]["StringEquals"]["kms:ViaService"]
        for role in roles
        for each in role["Policies"][0]["PolicyDocument"]["Statement"]
        if "kms:ViaService" in str(each.get("Condition"))
    ]

    assert via
    assert all(each["Fn::Join"][1][-1] == {"Ref": "AWS::URLSuffix"} for each in via)

"""What the functions and schedules may do, to the letter."""

from typing import Any

from tests.stack.stacks import KEY, SECRET, SECRET_KEY, Synthesized

TIERS = ("daily", "manual", "monthly", "weekly")


def roles_of(stack: Synthesized, service: str) -> list[dict[str, Any]]:
    return [
        role
        for role in stack.of_type("AWS::IAM::Role")
        if role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        == {"Service": f"{service}.amazonaws.com"}
    ]


def statements_of(role: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The statements of a role's only policy by their ids, with lists where one may stand."""
    (policy,) = role["Policies"]
    return {
        statement["Sid"]: statement
        | {key: sorted(as_texts(statement[key])) for key in ("Action", "Resource")}
        for statement in policy["PolicyDocument"]["Statement"]
    }


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
    raise AssertionError(value)


def plain_role(stack: Synthesized, database: str) -> dict[str, dict[str, Any]]:
    roles = [statements_of(role) for role in roles_of(stack, "lambda")]
    (found,) = [
        role for role in roles if role["ReadItsSecret"]["Resource"] == [SECRET.format(database)]
    ]
    return found


def test_a_backup_role_may_do_exactly_this(plain: Synthesized) -> None:
    allowed = plain_role(plain, "app")

    assert {sid: (each["Effect"], each["Action"]) for sid, each in allowed.items()} == {
        "ReadItsSecret": ("Allow", ["secretsmanager:GetSecretValue"]),
        "PutBackups": (
            "Allow",
            ["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectRetention"],
        ),
        "ReadManifests": ("Allow", ["s3:GetObject"]),
        "ListItsBackups": ("Allow", ["s3:ListBucket"]),
        "WriteItsLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]),
    }
    bucket = allowed["ListItsBackups"]["Resource"][0]
    assert bucket.startswith("<VaultBucket")
    assert allowed["PutBackups"]["Resource"] == [f"{bucket}/{tier}/app/*" for tier in TIERS]
    assert allowed["ReadManifests"]["Resource"] == [
        f"{bucket}/{tier}/app/*/manifest.json" for tier in TIERS
    ]
    assert allowed["ListItsBackups"]["Resource"] == [bucket]
    (like,) = allowed["ListItsBackups"]["Condition"].values()
    assert allowed["ListItsBackups"]["Condition"] == {"StringLike": like}
    assert like.keys() == {"s3:prefix"}
    assert sorted(like["s3:prefix"]) == [f"{tier}/app/*" for tier in TIERS]
    assert allowed["WriteItsLogs"]["Resource"][0].startswith("<DatabaseappBackupLog")


def test_a_backup_role_has_nothing_but_its_own_statements(any_stack: Synthesized) -> None:
    any_stack.template.resource_count_is("AWS::IAM::Policy", 0)
    any_stack.template.resource_count_is("AWS::IAM::ManagedPolicy", 0)
    for role in any_stack.of_type("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role
        assert len(role["Policies"]) == 1


def test_no_backup_role_knows_another_database(plain: Synthesized) -> None:
    assert "shop" not in str(plain_role(plain, "app"))
    assert "app" not in str(plain_role(plain, "shop")).replace("Databaseshop", "")


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
    assert objects == {
        f"{tier}/{database}/{rest}"
        for tier in TIERS
        for database in ("app", "shop")
        for rest in ("*", "*/manifest.json")
    }
    assert {resource for resource in wild if not resource.startswith("<VaultB")} == {"*"}


def test_no_action_is_a_wildcard(any_stack: Synthesized) -> None:
    actions = [
        action
        for role in any_stack.of_type("AWS::IAM::Role")
        for statement in statements_of(role).values()
        for action in statement["Action"]
    ]

    assert actions
    assert not [action for action in actions if "*" in action]


def test_the_one_statement_about_everything_is_for_lambda_and_not_for_its_code(
    sealed: Synthesized,
) -> None:
    (role,) = roles_of(sealed, "lambda")
    statements = statements_of(role)

    about_everything = {
        sid for sid, statement in statements.items() if statement["Resource"] == ["*"]
    }
    assert about_everything == {"JoinTheNetwork", "NotByItsOwnCode"}
    assert all(action.startswith("ec2:") for action in statements["JoinTheNetwork"]["Action"])
    denied = statements["NotByItsOwnCode"]
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == statements["JoinTheNetwork"]["Action"]
    assert as_text(denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]) == (
        "arn:aws:lambda:eu-central-1:123456789012:function:Lifeboat-backup-app"
    )


def test_keys_may_be_used_through_their_service_only(sealed: Synthesized) -> None:
    (role,) = roles_of(sealed, "lambda")
    statements = statements_of(role)

    vault = statements["EncryptBackups"]
    assert (vault["Action"], vault["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], [KEY])
    assert vault["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    }
    secret = statements["DecryptItsSecret"]
    assert (secret["Action"], secret["Resource"]) == (["kms:Decrypt"], [SECRET_KEY])
    assert secret["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": SECRET.format("app"),
    }


def test_without_object_lock_no_retention_may_be_put(unlocked: Synthesized) -> None:
    (role,) = roles_of(unlocked, "lambda")

    assert statements_of(role)["PutBackups"]["Action"] == [
        "s3:AbortMultipartUpload",
        "s3:PutObject",
    ]


def test_a_schedule_may_invoke_its_own_function_and_nothing_else(plain: Synthesized) -> None:
    roles = roles_of(plain, "scheduler")

    assert len(roles) == 2
    invoked = set()
    for role in roles:
        statements = statements_of(role)
        assert {sid: each["Action"] for sid, each in statements.items()} == {
            "InvokeItsFunction": ["lambda:InvokeFunction"],
            "ReportWhatCouldNotBeDelivered": ["sqs:SendMessage"],
        }
        (function,) = statements["InvokeItsFunction"]["Resource"]
        invoked.add(function)
        assert statements["ReportWhatCouldNotBeDelivered"]["Resource"][0].startswith("<DeadLett")
    assert len(invoked) == 2


def test_no_other_accounts_schedule_can_borrow_the_role(plain: Synthesized) -> None:
    for role in roles_of(plain, "scheduler"):
        condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        assert condition["aws:SourceAccount"] == "123456789012"
        assert as_text(condition["aws:SourceArn"]) == (
            "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/default"
        )

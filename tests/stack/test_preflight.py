"""Before a deployment: what is missing is told with the command that mends it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws

type Check = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.start(root=tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def account(running: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """An account without a bootstrap and without secrets, which our environment leads to.

    An AWS CLI is at hand, too: what is not the matter of a test shall not depend on the machine.
    """
    parameters = [
        each["Name"] for each in running.client("ssm").describe_parameters()["Parameters"]
    ]
    if parameters:
        running.client("ssm").delete_parameters(Names=parameters)
    running.client("cloudformation").delete_stack(StackName="Lifeboat")
    secrets = running.client("secretsmanager")
    for secret in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
        secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    # Each client reads all authorities of its bundle, which are a hundred and more in the other.
    monkeypatch.setenv("AWS_CA_BUNDLE", str(running.ca_file))
    monkeypatch.setenv("PATH", str(with_aws_cli(tmp_path, "echo aws-cli/2.9.19")))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return running


def with_aws_cli(tmp_path: Path, script: str | None) -> Path:
    """A folder whose only program is an `aws` of that script, or that has none."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "aws"
    program.unlink(missing_ok=True)
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return programs


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Run the command with settings of our own; gives its exit code and what it said."""

    from infra import preflight
    from infra.toml_text import toml_of

    def run(secret_arn: str, *arguments: str, **database: str) -> tuple[int, str]:
        databases = [{"name": "app", "secret_arn": secret_arn} | database]
        (tmp_path / "cdk.json").write_text(json.dumps({"context": {}}))
        (tmp_path / "lifeboat.toml").write_text(toml_of({"databases": databases}))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["preflight", *arguments])
        code = preflight.main()
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def new_secret(aws: LocalAws, name: str = "lifeboat/app", **more: str) -> str:
    secrets = aws.client("secretsmanager")
    created = secrets.create_secret(Name=name, SecretString="postgresql://hunter2", **more)
    arn: str = created["ARN"]
    return arn


def unborn(aws: LocalAws) -> str:
    return f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:lifeboat/app-AbCd12"


def test_all_is_well_when_all_is_there(account: LocalAws, check: Check) -> None:
    account.bootstrap()

    code, said = check(new_secret(account))

    assert code == 0
    assert said.startswith(
        "The check passed: credentials, region, bootstrap, settings and secrets are ready.\n"
    )


def test_everything_missing_is_reported_at_once(account: LocalAws, check: Check) -> None:
    code, said = check(unborn(account))

    assert code == 1
    assert "The CDK is not bootstrapped in 000000000000/us-east-1." in said
    assert "node_modules/.bin/cdk bootstrap aws://000000000000/us-east-1" in said
    assert "The secret of app does not exist" in said
    assert "aws secretsmanager create-secret --name lifeboat/app --secret-string file://" in said
    assert said.count("Safe: Nothing was deployed or changed.") == 2


def test_an_old_bootstrap_is_reported(account: LocalAws, check: Check) -> None:
    from infra import preflight

    account.bootstrap()
    account.client("ssm").put_parameter(Name=preflight.BOOTSTRAP, Value="5", Overwrite=True)

    code, said = check(new_secret(account))

    assert code == 1
    assert "has version 5; 6 is needed" in said


def test_a_secret_about_to_be_deleted_is_reported(account: LocalAws, check: Check) -> None:
    account.bootstrap()
    arn = new_secret(account)
    account.client("secretsmanager").delete_secret(SecretId=arn)

    code, said = check(arn)

    assert code == 1
    assert "The secret of app is scheduled for deletion." in said
    assert f"aws secretsmanager restore-secret --secret-id {arn}" in said


def test_a_secret_under_a_key_of_ones_own_needs_the_key_in_the_settings(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = new_secret(account, KmsKeyId=key)

    code, said = check(arn)

    assert code == 1
    assert f"encrypted with a key of your own, {key}" in said
    assert "Set lifeboat.databases.0.secret_key_arn to the full ARN of that key" in said
    assert check(arn, secret_key_arn=key)[0] == 0


def new_parameter(aws: LocalAws, **more: str) -> str:
    wanted = {"Name": "/lifeboat/app", "Type": "SecureString", "Value": "postgresql://hunter2"}
    aws.client("ssm").put_parameter(**wanted | more)
    found = aws.client("ssm").get_parameter(Name=(wanted | more)["Name"])
    arn: str = found["Parameter"]["ARN"]
    return arn


def test_a_key_of_neon_has_to_be_there_and_usable(account: LocalAws, check: Check) -> None:
    account.bootstrap()
    neon, place = "lifeboat.databases.0.neon", "lifeboat.databases.0.neon.project_id=calm-lake-1"
    app, missing = new_secret(account), unborn(account).replace("/app", "/neon")
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    there = new_secret(account, "lifeboat/neon", KmsKeyId=key)

    code, said = check(app, "-c", place, "-c", f"{neon}.api_key_secret_arn={missing}")
    assert code == 1
    assert f"The secret of app's key of Neon does not exist: {missing}" in said
    assert "typing or pasting the API key: aws secretsmanager create-secret" in said

    code, said = check(app, "-c", place, "-c", f"{neon}.api_key_secret_arn={there}")
    assert code == 1
    assert f"Set {neon}.api_key_secret_key_arn" in said

    plain = f"arn:aws:ssm:{account.region}:{account.account}:parameter/neon"
    account.client("ssm").put_parameter(Name="/neon", Value="napi_hunter2", Type="String")
    code, said = check(app, "-c", place, "-c", f"{neon}.api_key_secret_arn={plain}")
    assert code == 1
    assert "Revoke the key in the Neon console and make a new one, since the old one" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", ["/lifeboat/app", "app"])
def test_a_parameter_may_stand_where_a_secret_may(
    account: LocalAws, check: Check, name: str
) -> None:
    account.bootstrap()

    code, said = check(new_parameter(account, Name=name))

    assert code == 0, said
    assert "hunter2" not in said


def test_a_parameter_that_is_missing_is_reported_with_the_command(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()

    code, said = check(f"arn:aws:ssm:{account.region}:{account.account}:parameter/lifeboat/app")

    assert code == 1
    assert "The parameter of app does not exist" in said
    assert "aws ssm put-parameter --name /lifeboat/app --type SecureString --value file://" in said
    assert "aws ssm get-parameter --name /lifeboat/app --query Parameter.ARN" in said


def test_a_parameter_that_is_not_encrypted_is_reported(account: LocalAws, check: Check) -> None:
    account.bootstrap()

    code, said = check(new_parameter(account, Type="String"))

    assert code == 1
    assert "The parameter of app is a String, which isn't encrypted" in said
    assert "Change the role's password" in said
    assert "hunter2" not in said


def test_a_parameter_under_a_key_of_ones_own_needs_the_key_in_the_settings(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = new_parameter(account, KeyId=key.rpartition("/")[2])

    code, said = check(arn)

    assert code == 1
    assert "encrypted with a key of your own" in said
    assert "Set lifeboat.databases.0.secret_key_arn to the full ARN of that key" in said
    assert check(arn, secret_key_arn=key)[0] == 0


@pytest.mark.parametrize("form", ["its id", "its alias", "the alias' ARN", "its ARN"])
def test_a_key_in_the_settings_is_recognised_in_each_form_that_aws_names_it(
    account: LocalAws, check: Check, form: str
) -> None:
    """The console makes secrets with key ids, and DescribeSecret answers with what it was given."""
    account.bootstrap()
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    alias = f"alias/{form.replace(' ', '-').replace(chr(39), '')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    names = {
        "its id": key["KeyId"],
        "its alias": alias,
        "the alias' ARN": f"arn:aws:kms:{account.region}:{account.account}:{alias}",
        "its ARN": key["Arn"],
    }
    arn = new_secret(account, KmsKeyId=names[form])
    another = kms.create_key()["KeyMetadata"]["Arn"]

    assert check(arn, secret_key_arn=key["Arn"])[0] == 0
    code, said = check(arn, secret_key_arn=another)
    assert code == 1
    assert "encrypted with a key of your own" in said


@pytest.mark.parametrize("state", ["disabled", "about to be deleted", "gone"])
def test_a_key_that_the_bucket_cannot_use_is_reported(
    account: LocalAws, check: Check, state: str
) -> None:
    account.bootstrap()
    app, kms = new_secret(account), account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert check(app, "-c", f"lifeboat.encryption={key}")[0] == 0

    if state == "disabled":
        kms.disable_key(KeyId=key)
    elif state == "about to be deleted":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    else:
        key = key[:-1] + ("0" if key[-1] != "0" else "1")
    code, said = check(app, "-c", f"lifeboat.encryption={key}")

    assert code == 1
    assert "backup bucket's key" in said
    assert key in said


def test_a_bucket_key_that_leaves_nothing_to_iam_is_reported(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()
    app, kms = new_secret(account), account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    alone = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.account}:user/me"}}
    policy = {"Version": "2012-10-17", "Statement": [alone | {"Action": "kms:*", "Resource": "*"}]}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    code, said = check(app, "-c", f"lifeboat.encryption={key}")

    assert code == 1
    assert "does not let IAM policies decide" in said


def test_a_key_that_backups_are_encrypted_with_may_not_be_forgotten(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()
    app, kms = new_secret(account), account.client("kms")
    key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    deploy_a_bucket(account, key)

    for settings in ([], ["-c", f"lifeboat.encryption={other}"]):
        code, said = check(app, *settings)
        assert code == 1
        assert f"The settings no longer name {key}, the key of the backups in " in said
        assert f"Add {key} to lifeboat.former_encryption_keys" in said
        assert check(app, *settings, "-c", f"lifeboat.former_encryption_keys.0={key}")[0] == 0
    assert check(app, "-c", f"lifeboat.encryption={key}")[0] == 0


def deploy_a_bucket(account: LocalAws, key: str) -> None:
    """What is left of a deployment for this purpose: the bucket and the output that names it."""
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    template = {
        "Resources": {"BackupBucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"BackupBucketName": {"Value": {"Ref": "BackupBucket"}}},
    }
    stacks = account.client("cloudformation")
    stacks.create_stack(StackName="Lifeboat", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="Lifeboat", WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName="Lifeboat")["Stacks"]
    account.client("s3").put_bucket_encryption(
        Bucket=stack["Outputs"][0]["OutputValue"],
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]
        },
    )


@pytest.mark.usefixtures("account")
def test_an_aws_that_does_not_answer_is_reported_without_a_traceback(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("SSM", "SECRETS_MANAGER", "KMS", "LAMBDA"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "https://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    key = "arn:aws:kms:us-east-1:000000000000:key/0f0e0d0c-0b0a-0908-0706-050403020100"
    secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:lifeboat/app-AbCd12"

    settings = [f"lifeboat.encryption={key}", f"lifeboat.alerts.topic_key_arn={key}"]
    code, said = check(secret, *(part for each in settings for part in ("-c", each)))

    assert code == 1
    for what in ("CDK's bootstrap", "secrets", "topic's key", "bucket's key", "Lambda's quotas"):
        assert (
            f"Checking the {what} failed, AWS did not answer".replace("the Lambda", "Lambda")
            in said
        )
    assert "Traceback" not in said


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_a_cdk_json_that_is_none_is_reported(
    tmp_path: Path,
    content: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from infra import preflight

    if content is not None:
        (tmp_path / "cdk.json").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["preflight"])

    assert preflight.main() == 1
    assert "cdk.json cannot be read, or holds no context" in capsys.readouterr().err


def test_settings_that_are_still_in_cdk_json_are_a_note(
    account: LocalAws,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from infra import preflight

    account.bootstrap()
    databases = [{"name": "app", "secret_arn": new_secret(account)}]
    old = {"context": {"lifeboat": {"databases": databases}}}
    (tmp_path / "cdk.json").write_text(json.dumps(old))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["preflight"])

    assert preflight.main() == 0
    said = capsys.readouterr().err
    assert "Note: The settings are still in cdk.json" in said
    assert "Next: Type `make settings`." in said


def test_a_settings_file_that_is_not_there_is_reported_with_the_rest(
    account: LocalAws, check: Check
) -> None:
    code, said = check(unborn(account), "-c", "settings_file=lifeboat.staging.toml")

    assert code == 1
    assert "There are no settings: lifeboat.staging.toml is not there." in said
    assert "cp lifeboat.example.toml lifeboat.staging.toml" in said
    assert "The CDK is not bootstrapped" in said


def test_an_account_that_may_run_next_to_nothing_at_once_is_reported(
    account: LocalAws, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infra import preflight

    account.bootstrap()
    monkeypatch.setattr(preflight, "MIN_CONCURRENCY", 10**9)

    code, said = check(new_secret(account))

    assert code == 1
    assert "functions at once in this account and region" in said
    assert "aws service-quotas request-service-quota-increase" in said


def test_more_memory_than_a_new_account_gets_is_a_note(account: LocalAws, check: Check) -> None:
    account.bootstrap()

    code, said = check(new_secret(account), "-c", "lifeboat.backup.memory_mb=4096")

    assert code == 0
    assert "Note: lifeboat.backup.memory_mb is 4096. A new AWS account may refuse" in said


@pytest.mark.parametrize(
    ("version", "note"),
    [
        ("echo aws-cli/2.9.19 Python/3.11.2 Linux/6.1", None),
        ("echo aws-cli/10.0.1 Python/3.14", None),
        ("echo aws-cli/1.45.11 Python/3.11.2 botocore/1.43", "; aws-cli/1.45.11 is installed."),
        ("echo aws-cli/1.11.13 Python/2.7 >&2", "; aws-cli/1.11.13 is installed."),
        ("echo aws: command not found >&2; exit 127", "; aws --version shows no version."),
        (None, "; starting aws failed: "),
    ],
)
def test_an_aws_cli_that_refuses_what_the_deployment_prints_is_a_note(
    account: LocalAws,
    check: Check,
    tmp_path: Path,
    version: str | None,
    note: str | None,
) -> None:
    account.bootstrap()
    with_aws_cli(tmp_path, version)

    code, said = check(new_secret(account))

    assert code == 0
    assert ("AWS CLI" in said) == bool(note)
    if note:
        assert f"Note: The commands that the deployment prints need the AWS CLI v2{note}" in said


@pytest.mark.parametrize(
    ("setting", "whose", "key_setting"),
    [
        (
            "lifeboat.drill.target_secret_arns.0",
            "a drill's target",
            "lifeboat.drill.target_secret_key_arns",
        ),
        (
            "lifeboat.restore.target_secret_arns.0",
            "a restore's target",
            "lifeboat.restore.target_secret_key_arns",
        ),
        (
            "lifeboat.alerts.webhook_url_secret_arn",
            "the webhook",
            "lifeboat.alerts.webhook_url_secret_key_arn",
        ),
    ],
)
def test_the_secrets_of_targets_and_of_the_webhook_have_to_be_there_and_usable(
    account: LocalAws, check: Check, setting: str, whose: str, key_setting: str
) -> None:
    account.bootstrap()
    app = new_secret(account)
    missing = unborn(account).replace("/app", "/other")
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    other = new_secret(account, "lifeboat/other", KmsKeyId=key)

    code, said = check(app, "-c", f"{setting}={missing}")
    assert code == 1
    assert f"The secret of {whose} does not exist: {missing}" in said

    code, said = check(app, "-c", f"{setting}={other}")
    assert code == 1
    assert f"The secret of {whose} is encrypted with a key of your own, {key}" in said
    assert f"Set {key_setting} to the full ARN of that key" in said

    keyed = f"{key_setting}.0" if key_setting.endswith("arns") else key_setting
    assert check(app, "-c", f"{setting}={other}", "-c", f"{keyed}={key}")[0] == 0


def test_a_topics_key_that_alarms_cannot_use_is_reported(account: LocalAws, check: Check) -> None:
    account.bootstrap()
    app, kms = new_secret(account), account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    setting = f"lifeboat.alerts.topic_key_arn={key}"

    code, said = check(app, "-c", setting)
    assert code == 1
    for service in ("cloudwatch", "events"):
        assert f"The topic's key, {key}, does not let {service}.amazonaws.com use it" in said
    assert f"aws kms put-key-policy --key-id {key}" in said

    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        }
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert check(app, "-c", setting)[0] == 0

    code, said = check(app, "-c", setting[:-1] + ("0" if setting[-1] != "0" else "1"))
    assert code == 1
    assert "Reading the policy of the topic's key failed" in said


def test_settings_of_another_account_are_reported_before_the_deployment(
    account: LocalAws, check: Check
) -> None:
    account.bootstrap()

    code, said = check(unborn(account).replace("000000000000", "123456789012"))

    assert code == 1
    assert "lifeboat.databases.0.secret_arn is" in said
    assert ":us-east-1:000000000000:" in said


def test_an_override_of_the_command_line_counts(account: LocalAws, check: Check) -> None:
    account.bootstrap()

    override = f"lifeboat.databases.0.secret_arn={new_secret(account)}"

    assert check(unborn(account), "-c", override)[0] == 0


@pytest.mark.usefixtures("account")
def test_without_credentials_the_settings_are_still_judged(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    code, said = check("not an arn")

    assert code == 1
    assert "Checking the AWS credentials failed: Unable to locate credentials" in said
    assert "aws sso login" in said
    assert "lifeboat.databases.0.secret_arn is" in said


def test_without_a_region_nothing_can_be_deployed(
    account: LocalAws, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    code, said = check(unborn(account))

    assert code == 1
    assert "No AWS region is set." in said
    assert "export AWS_REGION=" in said


def test_a_profile_that_does_not_exist_is_reported(
    account: LocalAws, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    code, said = check(unborn(account))

    assert code == 1
    assert "The config profile (nobody) could not be found." in said


def test_no_secret_is_read(account: LocalAws, check: Check) -> None:
    account.bootstrap()

    _, said = check(new_secret(account))

    assert "hunter2" not in said
    described = account.client("secretsmanager").describe_secret(SecretId="lifeboat/app")
    assert "LastAccessedDate" not in described

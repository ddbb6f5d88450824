"""Parameter Store on the local AWS: what a role may read, and what a key has to allow."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.support.aws_helpers import allow, make_role


@pytest.fixture
def put(aws: LocalAws) -> Callable[..., str]:
    """Keeps a SecureString; gives its ARN."""
    ssm = aws.client("ssm")

    def made(**more: str) -> str:
        name = f"/local/{uuid4().hex[:8]}"
        ssm.put_parameter(Name=name, Value="text", Type="SecureString", **more)
        arn: str = ssm.get_parameter(Name=name)["Parameter"]["ARN"]
        return arn

    return made


def read(aws: LocalAws, arn: str, *statements: dict[str, Any]) -> str:
    """What a role with these permissions reads; the code of the refusal."""
    client = aws.client("ssm", role_arn=make_role(aws, *statements))
    try:
        text: str = client.get_parameter(Name=arn, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        return error.response["Error"]["Code"]
    return text


def test_a_role_reads_only_the_parameter_whose_arn_it_was_given(
    aws: LocalAws, put: Callable[..., str]
) -> None:
    own, other = put(), put()
    may = allow("ssm:GetParameter", own)
    assert read(aws, own, may) == "text"
    assert read(aws, other, may) == "AccessDeniedException"


def test_a_key_of_ones_own_has_to_be_allowed_for_that_parameter_through_its_service(
    aws: LocalAws, put: Callable[..., str]
) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = put(KeyId=key)
    may = allow("ssm:GetParameter", arn)

    def decrypt(**like: str) -> dict[str, Any]:
        return allow("kms:Decrypt", key, {"StringEquals": {**like}})

    via = {"kms:ViaService": f"ssm.{aws.region}.amazonaws.com"}
    exact = via | {"kms:EncryptionContext:PARAMETER_ARN": arn}
    assert read(aws, arn, may) == "AccessDeniedException"
    assert read(aws, arn, may, decrypt(**exact)) == "text"
    elsewhere = exact | {"kms:EncryptionContext:PARAMETER_ARN": f"{arn}x"}
    assert read(aws, arn, may, decrypt(**elsewhere)) == "AccessDeniedException"
    assert read(aws, arn, may, decrypt(**exact | {"kms:ViaService": "s3.x"})) == (
        "AccessDeniedException"
    )


def test_nothing_is_read_with_a_key_that_is_disabled(
    aws: LocalAws, put: Callable[..., str]
) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = put(KeyId=key)
    aws.client("kms").disable_key(KeyId=key)
    assert read(aws, arn, allow(["ssm:GetParameter", "kms:Decrypt"], "*")) == "InvalidKeyId"

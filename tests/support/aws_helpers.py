"""What several tests of the local AWS need: roles, functions and patience."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from local.aws import LocalAws


def allow(
    actions: str | list[str], resource: str, condition: Mapping[str, object] | None = None
) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": actions,
        "Resource": resource,
        "Condition": condition or {},
    }


def make_role(aws: LocalAws, *statements: Mapping[str, object], service: str | None = None) -> str:
    """A role with these permissions that `service`, or else the account's root, may assume."""
    who = {"Service": service} if service else {"AWS": f"arn:aws:iam::{aws.account}:root"}
    trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    iam, name = aws.client("iam"), f"role-{uuid4().hex[:8]}"
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(statements))
    arn: str = made["Role"]["Arn"]
    return arn


def make_function(
    aws: LocalAws,
    code: str,
    *,
    role: str | None = None,
    layers: Iterable[bytes] = (),
    variables: Mapping[str, str] | None = None,
    timeout: int = 20,
) -> str:
    """A function of one module; returns its name."""
    client, name = aws.client("lambda"), f"function-{uuid4().hex[:8]}"
    arns = [
        client.publish_layer_version(LayerName=f"{name}-{n}", Content={"ZipFile": layer})
        for n, layer in enumerate(layers)
    ]
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role or make_role(aws, service="lambda.amazonaws.com"),
        Code={"ZipFile": zip_of({"index.py": code})},
        Layers=[each["LayerVersionArn"] for each in arns],
        Environment={"Variables": dict(variables or {})},
        Timeout=timeout,
    )
    return name


def zip_of(files: Mapping[str, str], modes: Mapping[str, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def invoke(aws: LocalAws, function: str, event: object = None) -> tuple[Any, str | None]:
    """The function's answer, and how it failed if it did."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def eventually(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return is_so()


def _document(statements: Iterable[Mapping[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

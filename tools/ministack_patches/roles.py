"""Acting as a role, as AWS's own services do when they assume one."""

import os
from typing import Any
from uuid import uuid4

import boto3
from ministack.services import sts  # type: ignore[import-not-found]


def as_role(service: str, account: str, region: str, role: str) -> Any:  # noqa: ANN401 - boto3's
    """A client that acts as `role`, so that every call is checked against its permissions."""
    name = role.rpartition("/")[2]
    key, secret, token = "ASIA" + uuid4().hex[:16].upper(), uuid4().hex, uuid4().hex
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/aws",
        "UserId": f"{name}:aws",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(key, session)
    signed: Any = boto3.Session(key, secret, token, region_name=region)
    return signed.client(
        service,
        endpoint_url=f"https://localhost:{os.environ['GATEWAY_PORT']}",
        verify=os.environ["LIFEBOAT_CA_FILE"],
    )

"""Acting as a role, as AWS's own services do when they assume one."""

import datetime as dt
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import boto3
from ministack.core.iam_evaluator import (  # type: ignore[import-not-found]
    EvalContext,
    evaluate_resource_policy,
)
from ministack.services import iam, sts  # type: ignore[import-not-found]


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role.

    Attributes:
        role: the role's ARN.
        key: access key id.
    """

    role: str
    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401 - boto3's
        """A client that signs with them."""
        session: Any = boto3.Session(self.key, self.secret, self.token, region_name=region)
        client: Any = session.client(
            service,
            endpoint_url=f"https://localhost:{os.environ['GATEWAY_PORT']}",
            verify=os.environ["LIFEBOAT_CA_FILE"],
        )
        return client


def assume(account: str, role: str, session: str = "aws") -> Credentials:
    """Credentials of `role`; whether its trust policy allows that is not asked, see `trusts`."""
    name = role.rpartition("/")[2]
    key = "ASIA" + uuid4().hex[:16].upper()
    made = Credentials(role, key, uuid4().hex, uuid4().hex)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
            "UserId": f"{name}:{session}",
            "SecretAccessKey": made.secret,
            "SessionToken": made.token,
        },
    )
    return made


def as_role(service: str, account: str, region: str, role: str) -> Any:  # noqa: ANN401 - boto3's
    """A client that acts as `role`, so that every call is checked against its permissions."""
    return assume(account, role).client(service, region)


def trusts(role: str, service: str, source: str, account: str, region: str) -> bool:
    """Whether the trust policy of `role` lets `service` assume it for its resource `source`."""
    found = iam._roles.get(role.rpartition("/")[2])  # noqa: SLF001
    if not found:
        return False
    document = json.loads(found["AssumeRolePolicyDocument"])
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    # A trust policy names no resource: it is that of the role. The evaluator wants one.
    document = {"Statement": [each | {"Resource": "*"} for each in statements]}
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role,
        region=region,
        service_context={"aws:sourcearn": source, "aws:sourceaccount": account},
    )
    allowed: bool = evaluate_resource_policy(document, context, service).decision == "Allow"
    return allowed


@contextmanager
def served(credentials: Credentials) -> Iterator[str]:
    """Serve credentials over HTTP, as AWS does inside a container; yields their URL.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    path = f"/v2/credentials/{uuid4()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != path:
                self.send_error(404)
                return
            until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
            body = {
                "RoleArn": credentials.role,
                "AccessKeyId": credentials.key,
                "SecretAccessKey": credentials.secret,
                "Token": credentials.token,
                "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}",
            }
            answer = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing: the path is a secret."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}"
        finally:
            server.shutdown()

"""Where Lambda reports an asynchronous invocation that failed for good."""

import json
import time
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

from local.launcher.roles import as_role

Document = dict[str, Any]


def failure_destinations() -> None:
    """Publish to a topic as the function's own role; as shipped nobody's permission is asked.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    route = lambda_svc._route_async_failure  # noqa: SLF001

    def route_as_role(target: str, name: str, event: object, result: Document) -> None:
        if ":sns:" not in target:
            route(target, name, event, result)
            return
        function = lambda_svc._functions[name]  # noqa: SLF001
        topic = as_role("sns", get_account_id(), get_region(), function["config"]["Role"])
        try:
            topic.publish(TopicArn=target, Message=json.dumps(_record(function, event, result)))
        except ClientError as error:
            print(f"destinations: {name}: {error}", flush=True)  # noqa: T201

    lambda_svc._route_async_failure = route_as_role  # noqa: SLF001


def _record(function: Document, event: object, result: Document) -> Document:
    """The record of the last failure, in the fields that AWS gives it."""
    retries = (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
    return {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": f"{function['config']['FunctionArn']}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": int(retries.get("MaximumRetryAttempts", 2)) + 1,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": result.get("function_error") or "Unhandled",
        },
        "responsePayload": result.get("body"),
    }

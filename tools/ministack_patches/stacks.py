"""Gaps of ministack's CloudFormation: properties that it accepts and forgets."""

from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.serialize import create_serializer
from ministack.services import (  # type: ignore[import-not-found]
    codebuild,
    lambda_svc,
    s3,
    scheduler,
)
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

Properties = dict[str, Any]
Apply = Callable[[str, Properties], None]

REFUSED = 400
LIFECYCLE: dict[str, Callable[[Any], Properties]] = {
    "Id": lambda value: {"ID": value},
    "Status": lambda value: {"Status": value},
    "Prefix": lambda value: {"Filter": {"Prefix": value}},
    "ObjectSizeGreaterThan": lambda value: {"Filter": {"ObjectSizeGreaterThan": int(value)}},
    "ExpirationInDays": lambda value: {"Expiration": {"Days": int(value)}},
    "ExpiredObjectDeleteMarker": lambda value: {
        "Expiration": {"ExpiredObjectDeleteMarker": _is_true(value)}
    },
    "Transitions": lambda value: {"Transitions": [_transition(each) for each in value]},
    "NoncurrentVersionExpiration": lambda value: {
        "NoncurrentVersionExpiration": {k: int(v) for k, v in value.items()}
    },
    "AbortIncompleteMultipartUpload": lambda value: {
        "AbortIncompleteMultipartUpload": {k: int(v) for k, v in value.items()}
    },
}
"""A lifecycle rule of a template to one of the S3 API; any other key fails the deployment."""


MERGED = ("Filter", "Expiration")
"""What several keys of a template become together."""


def bucket_properties() -> None:
    """Apply a bucket's lifecycle, Object Lock, encryption and tags through S3's own API."""

    def apply(name: str, wanted: Properties) -> None:
        if rules := wanted.get("LifecycleConfiguration", {}).get("Rules"):
            converted = {"Rules": [_lifecycle_rule(rule) for rule in rules]}
            _put(s3._put_bucket_lifecycle, "PutBucketLifecycleConfiguration", name, converted)  # noqa: SLF001
        if _is_true(wanted.get("ObjectLockEnabled")):
            s3._bucket_versioning[name] = "Enabled"  # noqa: SLF001
            lock = {"ObjectLockEnabled": "Enabled"} | wanted.get("ObjectLockConfiguration", {})
            _put(s3._put_object_lock_configuration, "PutObjectLockConfiguration", name, lock)  # noqa: SLF001
        if encryption := wanted.get("BucketEncryption"):
            rules = encryption["ServerSideEncryptionConfiguration"]
            converted = {"Rules": [_encryption_rule(rule) for rule in rules]}
            _put(s3._put_bucket_encryption, "PutBucketEncryption", name, converted)  # noqa: SLF001
        if tags := wanted.get("Tags"):
            _put(s3._put_bucket_tagging, "PutBucketTagging", name, {"TagSet": tags})  # noqa: SLF001

    after("AWS::S3::Bucket", apply)


def function_properties() -> None:
    """Keep a function's dead-letter queue, where its asynchronous failures end."""

    def apply(name: str, wanted: Properties) -> None:
        if letters := wanted.get("DeadLetterConfig"):
            lambda_svc._functions[name]["config"]["DeadLetterConfig"] = letters  # noqa: SLF001

    after("AWS::Lambda::Function", apply)


def schedule_properties() -> None:
    """Keep a schedule's time zone and its first and last day; as shipped all are in UTC."""

    def apply(name: str, wanted: Properties) -> None:
        record = scheduler._schedules[f"{wanted.get('GroupName', 'default')}/{name}"]  # noqa: SLF001
        record["ScheduleExpressionTimezone"] = wanted.get("ScheduleExpressionTimezone", "UTC")
        record["StartDate"] = wanted.get("StartDate")
        record["EndDate"] = wanted.get("EndDate")

    after("AWS::Scheduler::Schedule", apply)


PROJECT = (
    "secondarySources",
    "queuedTimeoutInMinutes",
    "logsConfig",
    "vpcConfig",
    "cache",
    "concurrentBuildLimit",
)
"""What else BatchGetProjects tells of a project."""


def project_properties() -> None:
    """Keep a build project's second sources, log, network and time in the queue."""
    shape = codebuild._project_shape  # noqa: SLF001

    def apply(name: str, wanted: Properties) -> None:
        record = codebuild._projects[name]  # noqa: SLF001
        properties = provisioners._codebuild_cfn_to_api(wanted)  # noqa: SLF001
        for key in PROJECT:
            record.pop(key, None)
            if key in properties:
                record[key] = properties[key]

    def shape_fully(project: Properties) -> Properties:
        more = {key: project[key] for key in PROJECT if key in project}
        shaped: Properties = shape(project) | more
        return shaped

    after("AWS::CodeBuild::Project", apply)
    codebuild._project_shape = shape_fully  # noqa: SLF001


def after(kind: str, apply: Apply) -> None:
    """Call `apply` with name and properties after ministack has made or changed a resource."""
    handlers = dict(provisioners._RESOURCE_HANDLERS[kind])  # noqa: SLF001
    create, update = handlers["create"], handlers["update"]

    def create_fully(logical: str, wanted: Properties, stack: str) -> tuple[str, Properties]:
        name, attributes = create(logical, wanted, stack)
        apply(name, wanted)
        return name, attributes

    def update_fully(
        physical: str, old: Properties, wanted: Properties, stack: str, *logical: str
    ) -> tuple[str, Properties]:
        name, attributes = update(physical, old, wanted, stack, *logical)
        apply(name, wanted)
        return name, attributes

    handlers |= {"create": create_fully, "update": update_fully}
    provisioners._RESOURCE_HANDLERS[kind] = handlers  # noqa: SLF001


def _put(put: Callable[..., Any], operation: str, bucket: str, value: Properties) -> None:
    """Hand `value` to ministack's handler of an S3 operation, in the XML of the wire."""
    service: Any = botocore.session.get_session().get_service_model("s3")
    model = service.operation_model(operation)
    arguments = {"Bucket": bucket, model.input_shape.serialization["payload"]: value}
    serializer = create_serializer("rest-xml")
    request = serializer.serialize_to_request(arguments, model)
    status, _, answer = put(bucket, request["body"])
    if status >= REFUSED:
        raise ValueError(f"{operation} of {bucket}: {answer.decode()}")


def _lifecycle_rule(rule: Properties) -> Properties:
    converted: Properties = {"Filter": {"Prefix": ""}, "Expiration": {}}
    for key, value in rule.items():
        if key not in LIFECYCLE:
            raise ValueError(f"ministack_patches.stacks doesn't translate the lifecycle key {key}")
        for name, part in LIFECYCLE[key](value).items():
            converted[name] = converted[name] | part if name in MERGED else part
    if len(converted["Filter"]) > 1:  # the API wants several conditions wrapped
        converted["Filter"] = {"And": converted["Filter"]}
    return {name: part for name, part in converted.items() if part != {}}


def _transition(value: Properties) -> Properties:
    return {"Days": int(value["TransitionInDays"]), "StorageClass": value["StorageClass"]}


def _encryption_rule(rule: Properties) -> Properties:
    """The S3 API has the same fields under other names."""
    converted: Properties = {"BucketKeyEnabled": _is_true(rule.get("BucketKeyEnabled"))}
    if default := dict(rule.get("ServerSideEncryptionByDefault", {})):
        if default["SSEAlgorithm"] == "aws:kms":
            # The bootstrap's bucket names no key and so means AWS's own, which ministack lacks.
            default.setdefault("KMSMasterKeyID", "alias/aws/s3")
        converted["ApplyServerSideEncryptionByDefault"] = default
    return converted


def _is_true(value: object) -> bool:
    """Templates hold booleans as such or as words."""
    return str(value).lower() == "true"

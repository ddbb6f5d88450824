"""Gaps of ministack's S3."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from ministack import app  # type: ignore[import-not-found]
from ministack.core import iam_actions  # type: ignore[import-not-found]
from ministack.services import s3  # type: ignore[import-not-found]

Headers = dict[str, str]
Query = dict[str, Any]
Response = tuple[int, Headers, bytes]

OK, PARTIAL, BAD_REQUEST, NOT_FOUND, BAD_RANGE = 200, 206, 400, 404, 416
SMALLEST_PART = 5 << 20
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""


def multipart_retention() -> None:
    """Lock and tag an object at the end of its multipart upload, by the headers of its start.

    As shipped they are forgotten, also the bucket's default retention, so nothing that was
    uploaded in parts is ever locked.
    """
    create, complete = s3._create_multipart_upload, s3._complete_multipart_upload  # noqa: SLF001
    begun: dict[str, Headers] = {}

    def remember(bucket: str, key: str, headers: Headers) -> Response:
        response: Response = create(bucket, key, headers)
        if found := re.search(rb"<UploadId>(.*?)</UploadId>", response[2]):
            begun[found.group(1).decode()] = dict(headers)
        return response

    def lock(
        bucket: str, key: str, body: bytes, query: Query, headers: Headers | None = None
    ) -> Response:
        response: Response = complete(bucket, key, body, query, headers)
        first = begun.pop(s3._qp(query, "uploadId"), None) if response[0] == OK else None  # noqa: SLF001
        if first is not None:
            version = response[1].get("x-amz-version-id")
            s3._apply_object_lock_from_headers(bucket, key, first, version)  # noqa: SLF001
            if tags := first.get("x-amz-tagging"):
                s3._object_tags[bucket, key, version] = dict(parse_qsl(tags))  # noqa: SLF001
        return response

    s3._create_multipart_upload, s3._complete_multipart_upload = remember, lock  # noqa: SLF001


def smallest_part() -> None:
    """Refuse an upload of which a part, but for the last, is smaller than 5 MiB."""
    complete = s3._complete_multipart_upload  # noqa: SLF001

    def refuse_small_parts(
        bucket: str, key: str, body: bytes, query: Query, headers: Headers | None = None
    ) -> Response:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))  # noqa: SLF001
        numbers = sorted(int(n) for n in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body))
        if upload and any(
            _size(upload["parts"], number) < SMALLEST_PART for number in numbers[:-1]
        ):
            text = "Your proposed upload is smaller than the minimum allowed size"
            refusal: Response = s3._error("EntityTooSmall", text, BAD_REQUEST)  # noqa: SLF001
            return refusal
        response: Response = complete(bucket, key, body, query, headers)
        return response

    s3._complete_multipart_upload = refuse_small_parts  # noqa: SLF001


def _size(parts: Mapping[int, Mapping[str, Any]], number: int) -> int:
    """Of a stored part; a part that isn't there is somebody else's error to report."""
    return len(parts[number]["body"]) if number in parts else SMALLEST_PART


def versioned_ranges() -> None:
    """Answer a Range of a given version with that range; as shipped it is the whole object."""
    get = s3._get_object  # noqa: SLF001

    def get_range(bucket: str, key: str, headers: Headers, query: Query | None = None) -> Response:
        status, answer, body = get(bucket, key, headers, query)
        wanted = headers.get("range")
        if status != OK or not wanted:
            return status, answer, body
        span = s3._parse_range(wanted, len(body))  # noqa: SLF001
        if span is None:
            xml = s3._xml_body(s3._range_error_xml(bucket, key))  # noqa: SLF001
            return BAD_RANGE, {"Content-Type": "application/xml"}, xml
        first, last = span
        # A checksum of the whole object says nothing about a part of it.
        answer = {k: v for k, v in answer.items() if not k.lower().startswith("x-amz-checksum-")}
        answer["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        answer["Content-Length"] = str(last - first + 1)
        return PARTIAL, answer, body[first : last + 1]

    s3._get_object = get_range  # noqa: SLF001


def thawed_versions() -> None:
    """Tell of a thaw also who asks for the version that was thawed, if it is the newest."""
    head = s3._head_object  # noqa: SLF001

    def head_version(b: str, k: str, headers: Headers, query: Query | None = None) -> Response:
        status, answer, body = head(b, k, headers, query)
        if status == OK and query and query.get("versionId"):
            _, newest, _ = head(b, k, headers, {})
            thaw = newest.get("x-amz-restore")
            if thaw and newest.get("x-amz-version-id") == answer.get("x-amz-version-id"):
                answer["x-amz-restore"] = thaw
        return status, answer, body

    s3._head_object = head_version  # noqa: SLF001


def missing_keys() -> None:
    """Tell only who may list the bucket that a key is missing; everybody else is denied.

    A read has no prefix, so a permission to list some prefix only doesn't count.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"
    """
    get, head = s3._get_object, s3._head_object  # noqa: SLF001

    def guard(response: Response, bucket: str, headers: Headers, query: Query | None) -> Response:
        if response[0] != NOT_FOUND:
            return response
        arn = f"arn:aws:s3:::{bucket}"
        denied: Response | None = app._enforce_data_plane(  # noqa: SLF001
            "s3", "s3:ListBucket", headers, query or {}, "", resource_arn=arn
        )
        return denied or response

    def get_guarded(b: str, k: str, headers: Headers, query: Query | None = None) -> Response:
        return guard(get(b, k, headers, query), b, headers, query)

    def head_guarded(b: str, k: str, headers: Headers, query: Query | None = None) -> Response:
        status, answer, _ = guard(head(b, k, headers, query), b, headers, query)
        return status, answer, b""

    s3._get_object, s3._head_object = get_guarded, head_guarded  # noqa: SLF001


class _Checked(str):
    """The ARN of a resource, with what policies may look at when it is checked."""

    __slots__ = ("keys",)
    keys: dict[str, str]


def retention_permission() -> None:
    """Ask for s3:PutObjectRetention and s3:PutObjectTagging where a write locks or tags.

    Policies may look at the lock's mode and at the days that it has left.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, "Permissions"
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    checks, resources = iam_actions.s3_additional_checks, iam_actions.s3_access_point_resources
    needs = {
        "x-amz-object-lock-mode": "s3:PutObjectRetention",
        "x-amz-tagging": "s3:PutObjectTagging",
    }

    def with_retention(
        method: str, path: str, headers: Headers, body: bytes, query: Query
    ) -> list[tuple[str, str]]:
        found = [*checks(method, path, headers, body, query)]
        for header, action in needs.items():
            if method in ("PUT", "POST") and headers.get(header):
                checked = _Checked(f"arn:aws:s3:::{path.strip('/')}")
                checked.keys = _lock_of(headers)
                found.append((action, checked))
        return found

    def with_keys(arn: str) -> list[tuple[str, dict[str, str]]]:
        keys = arn.keys if isinstance(arn, _Checked) else {}
        return [(resource, {**more, **keys}) for resource, more in resources(str(arn))]

    iam_actions.s3_additional_checks = with_retention
    iam_actions.s3_access_point_resources = with_keys


def _lock_of(headers: Headers) -> dict[str, str]:
    until = headers.get("x-amz-object-lock-retain-until-date")
    if not until:
        return {}
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    return {
        "s3:object-lock-mode": headers.get("x-amz-object-lock-mode", ""),
        "s3:object-lock-remaining-retention-days": str(left.days),
    }


def conditional_writes() -> None:
    """Tell policies whether a write is conditional, and whether it makes an object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    context = iam_actions.s3_service_context

    def with_condition(
        action: str, query: Query | None, path: str = "", headers: Headers | None = None
    ) -> dict[str, str]:
        found: dict[str, str] = context(action, query, path, headers)
        if action != "s3:PutObject":
            return found
        begins_or_part = {"uploads", "partNumber"} & set(query or {})
        found["s3:objectcreationoperation"] = "false" if begins_or_part else "true"
        condition = (headers or {}).get("if-none-match")
        return found | ({"s3:if-none-match": condition} if condition else {})

    iam_actions.s3_service_context = with_condition

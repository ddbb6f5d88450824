"""The types of single settings, each with a sentence about what is expected.

Every type wraps its checks in `expects`, so that a value that fails any of them gives the same
error: a sentence about what is expected, and not the name of the check that failed first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from aws_croniter import AwsCroniter  # type: ignore[import-untyped]  # it ships no types
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from lifeboat.model.identifiers import IDENTIFIER
from lifeboat.model.keys import DATABASE_NAME

MAX_DAYS = 36_500
"""The longest retention that S3 Object Lock accepts: 100 years."""

_EXPECTED = "expected"


class SettingsModel(BaseModel):
    """An immutable model that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        serialize_by_alias=True,
    )


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where and when a stack is deployed, as far as synth knows it.

    It is pydantic's validation context. Without it (inside a function, long after synth) only the
    form of settings is checked: a schedule whose last year has passed must not prevent a manual
    backup.
    """

    account: str | None = None
    """Twelve digits; None if synth runs without credentials."""
    region: str | None = None
    """Such as eu-central-1; None if synth runs without credentials."""
    today: date | None = None
    """Schedules must fire after this day."""


def expected_error(allowed: str) -> PydanticCustomError:
    """The only kind of error that people see: it says what is expected."""
    return PydanticCustomError(_EXPECTED, "{allowed}", {"allowed": allowed})


def expects(allowed: str) -> WrapValidator:
    """Replace any error about the value itself by `allowed`; errors about its parts stay."""

    def check(value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError as error:
            if any(found["loc"] or found["type"] == _EXPECTED for found in error.errors()):
                raise
            raise expected_error(allowed) from None

    return WrapValidator(check)


def int_range(minimum: int, maximum: int, unit: str) -> tuple[object, WrapValidator]:
    """The metadata of an integer from `minimum` to `maximum`; a string or a bool is refused."""
    return (
        Field(strict=True, ge=minimum, le=maximum),
        expects(f"a whole number from {minimum} to {maximum} ({unit})"),
    )


def _deployment(info: ValidationInfo) -> Deployment:
    return info.context if isinstance(info.context, Deployment) else Deployment()


def is_deployed(info: ValidationInfo) -> bool:
    """Whether the settings are those of a whole deployment, and not a part that a function gets."""
    return isinstance(info.context, Deployment)


def in_stack(service: str) -> Callable[[str, ValidationInfo], str]:
    """A check that an ARN is of the stack's account and region, if these are known."""

    def check(arn: str, info: ValidationInfo) -> str:
        region, account = arn.split(":")[3:5]
        stack = _deployment(info)
        expected = (stack.region or region, stack.account or account)
        if (region, account) != expected:
            raise expected_error(
                f"an ARN of the stack's own account and region, "
                f"arn:...:{service}:{expected[0]}:{expected[1]}:..."
            )
        return arn

    return check


def _cron_that_fires(cron: str, info: ValidationInfo) -> str:
    today = _deployment(info).today
    schedule = AwsCroniter(cron)  # a malformed expression is a ValueError
    if schedule.rules[4].upper().startswith("L"):
        raise ValueError("aws_croniter takes an L without a weekday for a day that never comes")
    if today and schedule.get_next(datetime.combine(today, time(), UTC)) == [None]:
        raise expected_error(
            f"a cron that fires again: this one has no date after {today.isoformat()}"
        )
    return cron


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise expected_error(f"an IANA time zone such as UTC or Europe/Berlin{hint}") from None
    return name


def _non_empty(found: tuple[object, ...]) -> tuple[object, ...]:
    if not found:
        raise ValueError("empty")
    return found


NON_EMPTY = AfterValidator(_non_empty)
"""At least one item. Unlike a minimum length, it gives no error if an item is already refused."""


def unique(what: str) -> AfterValidator:
    """Refuse a list that has the same `what` twice."""

    def check(names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise expected_error(f"a list that names each {what} once")
        return names

    return AfterValidator(check)


def matching(pattern: str) -> StringConstraints:
    r"""A string that matches `pattern` completely; `$` alone would accept a final \n."""
    return StringConstraints(pattern=re.compile(rf"\A(?:{pattern})\Z", re.ASCII), strict=True)


DatabaseName = Annotated[
    str,
    matching(DATABASE_NAME),
    expects(
        "1 to 40 lower-case letters, digits and hyphens that begin with a letter "
        "(it becomes part of object keys and function names)"
    ),
]

Cron = Annotated[
    str,
    Field(strict=True),
    AfterValidator(_cron_that_fires),
    expects(
        "the six fields of an AWS cron, 'minute hour day-of-month month day-of-week year' with a "
        "'?' for one of the days, such as '0 2 * * ? *' (without LW, and L only with a weekday)"
    ),
]

ZoneName = Annotated[
    str, Field(strict=True), AfterValidator(_known_zone), expects("an IANA time zone such as UTC")
]

QualifiedName = Annotated[
    str,
    matching(rf"{IDENTIFIER}\.{IDENTIFIER}"),
    expects(
        "one exact schema.table; what holds capitals or odd characters goes in double quotes, "
        'such as public."Odd Name"'
    ),
]

TableNames = Annotated[
    tuple[QualifiedName, ...], unique("table"), expects("a list of schema.table names")
]

Compression = Annotated[
    str,
    matching(r"zstd:([1-9]|1[0-9])|gzip:[1-9]"),
    expects("'zstd:1' to 'zstd:19' or 'gzip:1' to 'gzip:9'"),
]

EmailAddress = Annotated[
    str,
    matching(r"[^\s@<>,;\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"),
    expects("one email address such as oncall@example.com"),
]

Switch = Annotated[bool, Field(strict=True), expects("true or false")]

_KEY_ARN = r"arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+"

KeyArn = Annotated[
    str,
    matching(_KEY_ARN),
    AfterValidator(in_stack("kms")),
    expects("the ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>, no alias)"),
]


def _encryption(value: str, info: ValidationInfo) -> str:
    return value if value == "S3" else in_stack("kms")(value, info)


Encryption = Annotated[
    str,
    matching(rf"S3|{_KEY_ARN}"),
    AfterValidator(_encryption),
    expects("'S3' or the ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>, no alias)"),
]


def _forever_is_none(value: object) -> object:
    if value is None:  # JSON's null means "not set", which must never mean "forever"
        raise expected_error(_DAYS)
    return None if value == "forever" else value


_DAYS = f"a whole number of days from 1 to {MAX_DAYS}, or 'forever'"

Days = Annotated[
    Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)] | None,
    BeforeValidator(_forever_is_none),
    PlainSerializer(lambda days: "forever" if days is None else days),
    expects(_DAYS),
]
"""Days that a backup is kept; None in Python is 'forever' in JSON."""

"""What Neon's API answers, as far as Lifeboat uses it: typed, frozen, refused if it doesn't fit.

The facts are from Neon's OpenAPI file, `@neondatabase/api-client` 2.7.3 on npm; the test
`tests/unit/neon/test_neon_contract.py` compares every field here with it. Unknown keys are
ignored, as APIs grow. All texts come from others: escape them before a person sees them.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from lifeboat.model.utc import UtcTime

_MAX_TEXT = 1024

Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Bytes = Annotated[int, Field(ge=0)]
Seconds = Annotated[int, Field(ge=0)]


def _empty_is_none(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("a time is a text")
    return value or None


Moment = Annotated[Annotated[UtcTime, Strict(strict=False)] | None, BeforeValidator(_empty_is_none)]
"""A time that may be missing; the contract says of one that it "might stay empty"."""


class Record(BaseModel):
    """A part of an answer. Errors name its fields and never their values."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class Quota(Record):
    """What a project may use in a billing period; over it, its computes are suspended.

    Attributes:
        data_transfer_bytes: from all branches to clients; 0 or None is no quota.
        compute_time_seconds: of CPUs; 0 or None is no quota.
        logical_size_bytes: of each branch; 0 or None is no quota.
    """

    data_transfer_bytes: Bytes | None = None
    compute_time_seconds: Seconds | None = None
    logical_size_bytes: Bytes | None = None


class ProjectSettings(Record):
    """Settings of a project.

    Attributes:
        quota: None if there is none.
    """

    quota: Quota | None = None


class Owner(Record):
    """Who pays for a project.

    Attributes:
        subscription_type: the plan, such as "free_v3", "launch_v3", "scale_v3".
        branches_limit: how many branches a project may have.
    """

    subscription_type: Text
    branches_limit: int


class Project(Record):
    """A project.

    Attributes:
        id: such as "shiny-wind-028834".
        name: that people gave it.
        region_id: such as "aws-us-east-2".
        pg_version: PostgreSQL's major version.
        history_retention_seconds: how far back Neon itself can restore.
        data_transfer_bytes: what went out in this billing period, over all branches; with a lag.
        compute_time_seconds: CPU seconds of this billing period; with a lag.
        consumption_period_start: of the billing period.
        consumption_period_end: of the billing period.
        branch_logical_size_limit_bytes: how large a branch may become.
        synthetic_storage_size: bytes that are billed: data and history of all branches.
        org_id: of its organization.
        settings: of the project.
        owner: who pays for it; missing in some answers.
    """

    id: Id
    name: Text
    region_id: Text
    pg_version: int
    history_retention_seconds: Seconds
    data_transfer_bytes: Bytes
    compute_time_seconds: Seconds
    consumption_period_start: UtcTime
    consumption_period_end: UtcTime
    branch_logical_size_limit_bytes: int
    synthetic_storage_size: Bytes | None = None
    org_id: Id | None = None
    settings: ProjectSettings | None = None
    owner: Owner | None = None


class Branch(Record):
    """A branch.

    Attributes:
        id: such as "br-small-term-683261".
        name: that people or programs gave it.
        project_id: of its project.
        parent_id: of the branch that it was made from; None for a root branch.
        parent_lsn: where in its parent's history it begins.
        parent_timestamp: the same as a time, if Neon knows it.
        current_state: "init", "resetting", "ready", "archived"; the contract leaves it open.
        pending_state: what it is about to become.
        logical_size: of its data, in bytes.
        default: whether it is the project's default branch.
        protected: whether it can't be deleted or reset.
        created_at: when it was made.
        expires_at: when Neon deletes it, or soon after.
        restored_from: id of the snapshot that it was restored from.
    """

    id: Id
    name: Text
    project_id: Id
    parent_id: Id | None = None
    parent_lsn: Text | None = None
    parent_timestamp: Moment = None
    current_state: Text
    pending_state: Text | None = None
    logical_size: Bytes | None = None
    default: bool
    protected: bool
    created_at: UtcTime
    expires_at: Moment = None
    restored_from: Text | None = None


class OperationStatus(StrEnum):
    """How far an operation is.

    What ends it is not in the contract; it is in Neon's own client (`@neon/sdk` 6.1.2, wait.js).
    """

    SCHEDULING = "scheduling"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    ERROR = "error"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self in {OperationStatus.FINISHED, OperationStatus.SKIPPED}

    @property
    def failed(self) -> bool:
        """Whether it has ended without doing what it was for."""
        return self in {OperationStatus.FAILED, OperationStatus.ERROR, OperationStatus.CANCELLED}


class Operation(Record):
    """Something that Neon does in its own time.

    Attributes:
        id: a UUID.
        action: such as "create_branch" or "start_compute".
        status: how far it is.
        error: why it failed.
        branch_id: of the branch that it is about.
        failures_count: how often it has failed so far.
    """

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    action: Text
    status: OperationStatus
    error: str | None = None
    branch_id: Id | None = None
    failures_count: int


class Endpoint(Record):
    """A compute of a branch.

    Attributes:
        id: such as "ep-little-smoke-851426".
        branch_id: of its branch.
        host: where to connect.
        type: "read_write" or "read_only".
        current_state: "init", "active" or "idle".
    """

    id: Id
    branch_id: Id
    host: Text
    type: Text
    current_state: Text


class Database(Record):
    """A database of a branch.

    Attributes:
        name: its name.
        owner_name: the role that owns it.
    """

    name: Text
    owner_name: Text


class Role(Record):
    """A role of a branch; its password is left out.

    Attributes:
        name: its name.
        protected: whether it is Neon's own.
    """

    name: Text
    protected: bool | None = None


class Snapshot(Record):
    """A snapshot of a branch.

    Attributes:
        id: its id.
        name: that people or the schedule gave it.
        source_branch_id: of the branch that it was taken of.
        timestamp: the moment that it has, if that isn't when it was taken.
        created_at: when it was taken.
        expires_at: when Neon deletes it; None: never.
        manual: whether a person took it, and not the schedule.
        full_size: bytes; None while it is not known.
        diff_size: bytes since the scheduled one before; None if that isn't how it is billed.
    """

    id: Id
    name: Text
    source_branch_id: Id | None = None
    timestamp: Moment = None
    created_at: UtcTime
    expires_at: Moment = None
    manual: bool | None = None
    full_size: Bytes | None = None
    diff_size: Bytes | None = None

    @property
    def moment(self) -> datetime:
        """The moment that it has."""
        return self.timestamp or self.created_at


class Frequency(StrEnum):
    """How often a schedule takes a snapshot."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class ScheduleItem(Record):
    """One rule of a schedule of snapshots.

    Attributes:
        frequency: how often.
        hour: of the day, 0 to 23.
        day: of the week or month.
        month: of the year.
        retention_seconds: how long a snapshot is kept; None: for ever.
    """

    frequency: Frequency
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    retention_seconds: Seconds | None = None


class KeyDetails(Record):
    """Whose an API key is. The contract has no time at which a key expires.

    Attributes:
        account_id: of the user or the organization.
        auth_method: "api_key_user" for a key that may do all that its owner may, "api_key_org" for
            one of an organization; the others are no API keys.
    """

    account_id: Text
    auth_method: Text

"""What a project of Neon consists of."""

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.neon.gateway import Gateway
from local.neon.storage import Line


class RefusedRequest(Exception):  # noqa: N818 - it is no failure of the fake
    """An answer that is no success.

    Args:
        status: of HTTP.
        message: for people.
        code: for programs; most of Neon's refusals have none.
    """

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


def new_id(prefix: str) -> str:
    """An id as Neon makes them: prefix, two words, a number."""
    return f"{prefix}-calm-lake-{secrets.randbelow(10**8):08}"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Endpoint:
    """A compute of a branch, to read and write.

    Attributes:
        branch_id: of its branch.
        largest_cu: how far it may grow.
        gateway: its address; None until it runs.
    """

    branch_id: str
    largest_cu: float = 0.25
    gateway: Gateway | None = None
    id: str = field(default_factory=lambda: new_id("ep"))
    created_at: datetime = field(default_factory=_now)


@dataclass
class Branch:
    """A branch.

    Attributes:
        name: free.
        parent_id: None for a root branch.
        parent_timestamp: where in its parent's history it begins.
        state: init, resetting or ready.
        line: its data; None until they are there.
        borrowed: those of its parent, if it has none of its own.
        endpoint: its compute, if it has one.
        schedule: items of its schedule of snapshots, as the API has them.
    """

    name: str
    created_at: datetime
    parent_id: str | None = None
    parent_timestamp: datetime | None = None
    default: bool = False
    protected: bool = False
    expires_at: datetime | None = None
    state: str = "init"
    line: Line | None = None
    borrowed: Line | None = None
    endpoint: Endpoint | None = None
    schedule: list[dict[str, object]] = field(default_factory=list)
    id: str = field(default_factory=lambda: new_id("br"))


@dataclass
class Operation:
    """Something that takes its time."""

    action: str
    branch_id: str
    created_at: datetime
    status: str = "scheduling"
    error: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self.status in {"finished", "failed", "cancelled"}


@dataclass
class Snapshot:
    """A snapshot.

    Attributes:
        line: whose data it has, as of `created_at`; None: only its description is there.
    """

    name: str
    source_branch_id: str
    created_at: datetime
    manual: bool = False
    expires_at: datetime | None = None
    full_size: int = 30_000_000
    line: Line | None = None
    id: str = field(default_factory=lambda: new_id("snap"))


@dataclass
class Project:
    """A project, as its owner sees it; change what a test is about.

    Attributes:
        quota: as the API has it; over `data_transfer_bytes` in it, computes are suspended.
    """

    id: str = "fake-lake-12345678"
    name: str = "app"
    pg_version: int = 18
    subscription_type: str = "launch_v3"
    branches_limit: int = 10
    history_retention_seconds: int = 604_800
    data_transfer_bytes: int = 1_000_000_000
    compute_time_seconds: int = 3600
    storage_bytes: int = 60_000_000
    quota: dict[str, int] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: _now() - timedelta(days=300))
    period_start: datetime = field(default_factory=lambda: _now() - timedelta(days=10))
    period_end: datetime = field(default_factory=lambda: _now() + timedelta(days=20))
    branches: dict[str, Branch] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def main(self) -> Branch:
        """The default branch."""
        return next(each for each in self.branches.values() if each.default)

    @property
    def busy(self) -> bool:
        """Whether an operation has not ended."""
        return any(not each.ended for each in self.operations.values())

    @property
    def suspended(self) -> bool:
        """Whether a quota is exceeded."""
        quota = self.quota.get("data_transfer_bytes", 0)
        return 0 < quota <= self.data_transfer_bytes

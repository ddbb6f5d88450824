"""What a database's provider says about it: a function of its own asks, the monitor judges.

Version 1 of the schema, with the same rules as other documents. The report is not evidence, so it
has no lock: the next look overwrites it. It holds no key, no password and no connection string.
All texts in it come from the provider: escape them before a person sees them.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lifeboat.errors import ProviderReportError
from lifeboat.model.documents import Document
from lifeboat.model.inventory import StoredRecord
from lifeboat.model.keys import DATABASE_NAME, provider_key
from lifeboat.model.utc import UtcTime

MAX_TEXT = 2000
"""Characters stored of each part of a problem."""

MAX_NAME = 200
"""Characters stored of each name."""

MAX_NAMES = 100
"""Names stored of a branch's databases."""

_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Name = Annotated[str, Field(max_length=MAX_NAME)]
_Amount = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""Bounded, so that whoever reckons with them meets no overflow."""


class ProblemKind(StrEnum):
    """Why the provider could not be asked, or not about everything."""

    KEY = "key"
    """The API key is missing, unreadable, wrong or revoked."""
    RIGHTS = "rights"
    """The key may not look at the project."""
    MISSING = "missing"
    """There is no such project or branch, or none that the key's account has."""
    LIMITS = "limits"
    """A limit of the plan or a quota does not allow it."""
    DOWN = "down"
    """The provider's API can't be reached, doesn't answer in time, or is busy."""
    CONTRACT = "contract"
    """The provider's answer is not what its contract says."""
    SETTINGS = "settings"
    """The settings name something that can't be, such as an id that is none."""


class ProviderProblem(StoredRecord):
    """What kept the provider from being asked.

    Attributes:
        kind: whose fault it is.
        what: what happened.
        next_step: what to do next.
    """

    kind: ProblemKind
    what: _Text
    next_step: _Text


class BranchFacts(StoredRecord):
    """The branch that the database is in.

    Attributes:
        id: its id.
        name: its name.
        default: whether it is the project's default branch.
        protected: whether it can't be deleted or reset.
        root: whether it was made from no other branch, or was restored: only these can be thrown
            back in time.
        databases: names of all databases in it; what the branch is thrown back to, they all are.
    """

    id: _Name
    name: _Name
    default: bool
    protected: bool
    root: bool
    databases: Annotated[tuple[_Name, ...], Field(max_length=MAX_NAMES)]


class ScheduleFacts(StoredRecord):
    """One rule by which the provider takes snapshots.

    Attributes:
        frequency: "hourly", "daily", "weekly", "monthly" or "yearly".
        hour: of the day, 0 to 23; in UTC.
        day: of the week or month.
        retention_seconds: how long a snapshot is kept; None: for ever.
    """

    frequency: _Name
    hour: int | None = None
    day: int | None = None
    retention_seconds: _Seconds | None = None


class SnapshotFacts(StoredRecord):
    """The snapshots of the branch.

    Attributes:
        count: how many there are.
        newest: when the newest was taken; None if there is none.
        newest_scheduled: when the newest was taken that a schedule took.
    """

    count: _Amount
    newest: UtcTime | None = None
    newest_scheduled: UtcTime | None = None


class ProviderKeyFacts(StoredRecord):
    """The API key, as far as the provider tells.

    Attributes:
        scope: "api_key_org" for a key of an organization, "api_key_user" for one that may do all
            that its owner may; None if the provider doesn't say.
        expires: when it ends; None if it doesn't, or the provider doesn't say.
    """

    scope: _Name | None = None
    expires: UtcTime | None = None


class ProviderFacts(StoredRecord):
    """What the provider says about the database's project.

    Attributes:
        project_id: of the project.
        plan: as the provider calls it, such as "launch_v3"; empty if it doesn't say.
        region: as the provider calls it.
        history_seconds: how far back the provider itself can restore.
        transfer_bytes: what has gone out of the project in this billing period.
        period_start: of the billing period.
        period_end: of the billing period.
        transfer_quota_bytes: a quota that is set on the project; None: none is.
        branch: that the database is in.
        schedule: of snapshots of the branch; None if the provider doesn't offer or tell it.
        snapshots: of the branch; None if the provider doesn't offer or tell them.
        key: that was used.
    """

    project_id: _Name
    plan: _Name
    region: _Name
    history_seconds: _Seconds
    transfer_bytes: _Amount
    period_start: UtcTime
    period_end: UtcTime
    transfer_quota_bytes: _Amount | None = None
    branch: BranchFacts
    schedule: Annotated[tuple[ScheduleFacts, ...], Field(max_length=MAX_NAMES)] | None = None
    snapshots: SnapshotFacts | None = None
    key: ProviderKeyFacts = ProviderKeyFacts()


class ProviderReport(Document):
    """One look at a database's provider; reading a report raises `ProviderReportError`.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        provider: who was asked.
        checked: when.
        facts: what the provider says; beside a problem, the newest that is known.
        facts_of: when the facts were read: `checked` itself, or earlier if there was a problem.
            Facts of the same look as a problem lack what the problem is about.
        problem: why the provider did not tell everything; None if it did.
    """

    NOUN: ClassVar = "provider's report"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ProviderReportError
    SAFE: ClassVar = "Backups are taken and judged without it."
    INSTEAD: ClassVar = "leave it: the next look writes it anew"

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    provider: Literal["neon"] = "neon"
    checked: UtcTime
    facts: ProviderFacts | None = None
    facts_of: UtcTime | None = None
    problem: ProviderProblem | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.facts is None) != (self.facts_of is None):
            raise ValueError("facts and their time belong together")
        if self.problem is None and self.facts_of != self.checked:
            raise ValueError("without a problem there are facts of this look")
        return self

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return provider_key(self.database)

"""What Neon's records say about a database: bounded, on one line each, and without the key."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from lifeboat.model.provider import (
    MAX_NAME,
    MAX_NAMES,
    BranchFacts,
    ProviderFacts,
    ProviderKeyFacts,
    ScheduleFacts,
    SnapshotFacts,
)
from lifeboat.model.redact import without
from lifeboat.model.text import line
from lifeboat.neon.policy.kept_branches import is_kept
from lifeboat.neon.policy.refusals import not_the_contract, wrong_fields
from lifeboat.neon.records import (
    Branch,
    Database,
    KeyDetails,
    Project,
    ScheduleItem,
    Snapshot,
)

_PURPOSE = "use what Neon says about the project"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What Neon's API answered.

    Attributes:
        project: the project.
        branch: that the database is in.
        parent: of that branch; None if it has none, or the API doesn't tell it.
        databases: of that branch.
        schedule: of snapshots of that branch; None if the API doesn't offer or tell it.
        snapshots: of the whole project; None if the API doesn't offer or tell them.
        key: whose the key is; None if the API doesn't tell it.
    """

    project: Project
    branch: Branch
    parent: Branch | None
    databases: tuple[Database, ...]
    schedule: tuple[ScheduleItem, ...] | None
    snapshots: tuple[Snapshot, ...] | None
    key: KeyDetails | None


def facts_of(told: Told, key: str) -> ProviderFacts:
    """What is kept of it.

    Args:
        told: by the API.
        key: the API key, which is removed from what others named.

    Raises:
        ProviderContractError: a number is none that can be.
    """
    wrong = ""
    try:
        return _facts(told, key)
    except ValidationError as error:
        wrong = without(wrong_fields(error), key)
    # Outside of `except`: the parser's own error holds what it read.
    raise not_the_contract(_PURPOSE, wrong)


def _facts(told: Told, key: str) -> ProviderFacts:
    project = told.project
    quota = project.settings.quota if project.settings else None
    plan = project.owner.subscription_type if project.owner else ""
    return ProviderFacts(
        project_id=project.id,
        plan=_name(plan, key),
        region=_name(project.region_id, key),
        history_seconds=project.history_retention_seconds,
        transfer_bytes=project.data_transfer_bytes,
        period_start=project.consumption_period_start,
        period_end=project.consumption_period_end,
        # The contract: 0 is no quota, as is none.
        transfer_quota_bytes=(quota.data_transfer_bytes or None) if quota else None,
        branch=_branch(told, key),
        schedule=None if told.schedule is None else tuple(map(_rule, told.schedule[:MAX_NAMES])),
        snapshots=None if told.snapshots is None else _snapshots(told.snapshots, told.branch.id),
        key=ProviderKeyFacts(scope=_name(told.key.auth_method, key) if told.key else None),
    )


def _branch(told: Told, key: str) -> BranchFacts:
    branch = told.branch
    return BranchFacts(
        id=branch.id,
        name=_name(branch.name, key),
        default=branch.default,
        protected=branch.protected,
        root=_is_root(told),
        databases=tuple(_name(each.name, key) for each in told.databases[:MAX_NAMES]),
    )


def _is_root(told: Told) -> bool:
    """Whether Neon can throw the branch back. One that was restored has a parent: what was kept."""
    return told.branch.parent_id is None or (told.parent is not None and is_kept(told.parent.name))


def _rule(item: ScheduleItem) -> ScheduleFacts:
    return ScheduleFacts(
        frequency=item.frequency,
        hour=item.hour,
        day=item.day,
        retention_seconds=item.retention_seconds,
    )


def _snapshots(snapshots: Iterable[Snapshot], branch_id: str) -> SnapshotFacts:
    """Those of the branch. One that doesn't say what it is of may be of another."""
    own = [each for each in snapshots if each.source_branch_id == branch_id]
    return SnapshotFacts(
        count=len(own),
        newest=max((each.created_at for each in own), default=None),
        newest_scheduled=max(
            (each.created_at for each in own if each.manual is False), default=None
        ),
    )


def _name(text: str, key: str) -> str:
    """A name on one line. A server that echoes the key must not have it stored."""
    return line(without(text, key))[:MAX_NAME]

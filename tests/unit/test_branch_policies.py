"""Which branches are a run's own, what is told of one, and when a backup does without."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.backup.chosen_source import ChosenSource
from lifeboat.backup.policy.fall_back import falls_back
from lifeboat.errors import (
    BranchError,
    EventError,
    LifeboatError,
    ProviderContractError,
    SettingsError,
    TerminatedError,
    TimeLimitError,
)
from lifeboat.model.branches import parse_branch_request, reason_of
from lifeboat.model.engine import Engine
from lifeboat.model.manifest import Manifest
from lifeboat.model.source_branch import SourceBranch
from lifeboat.neon.records import Branch
from lifeboat.neon_broker.policy.own_branches import (
    expires_at,
    is_new,
    leftovers,
    name_of,
    of_run,
)
from lifeboat.neon_broker.policy.source import described
from lifeboat.settings import Deployment, Settings, parse
from tests.support.samples import MANIFEST

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{}-AbCd12"


def branch(**changed: object) -> Branch:
    usual = {
        "id": "br-calm-lake-1",
        "name": "lifeboat/app/function/run-1",
        "project_id": "shiny-wind-1",
        "parent_id": "br-main-1",
        "parent_lsn": "0/1de2850",
        "current_state": "ready",
        "default": False,
        "protected": False,
        "created_at": "2026-11-30T09:00:00Z",
    }
    return Branch.model_validate_json(json.dumps(usual | changed))


def test_a_branch_is_told_by_its_moment_and_position() -> None:
    told = described(branch())
    assert (told.lsn, told.moment, told.parent_id) == ("0/1DE2850", NOW, "br-main-1")
    earlier = NOW - timedelta(seconds=9)
    assert described(branch(parent_timestamp=earlier.isoformat())).moment == earlier


@pytest.mark.parametrize("lsn", ["", "0/", "now\n", "0/1DE2850; DROP", "0/123456789"])
def test_a_position_that_is_none_is_left_out(lsn: str) -> None:
    assert described(branch(parent_lsn=lsn)).lsn is None


def test_a_branch_without_a_parent_is_a_copy_of_nothing() -> None:
    with pytest.raises(ProviderContractError, match="made of no other"):
        described(branch(parent_id=None))


@pytest.mark.parametrize(("engine", "hours"), [(Engine.FUNCTION, 2), (Engine.JOB, 14)])
def test_a_branch_outlives_the_longest_run(engine: Engine, hours: int) -> None:
    assert expires_at(engine, 12, NOW) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("error", "left", "expected"),
    [
        (BranchError("no", todo="x"), 450, True),
        (BranchError("no", todo="x"), 449, False),
        (TimeLimitError("no", todo="x"), 900, False),
        (TerminatedError("no", todo="x"), 900, False),
    ],
)
def test_a_backup_does_without_while_there_is_time(
    error: LifeboatError, left: float, *, expected: bool
) -> None:
    assert falls_back(error, left=left, whole=900) is expected


class Nothing:
    def open(self) -> Any:
        raise AssertionError

    def close(self) -> None:
        """Nothing."""


def test_who_reads_the_database_itself_has_nothing_to_fall_back_to() -> None:
    error, there = BranchError("no\nbranch" + "x" * 999, todo="x"), Nothing()
    only = ChosenSource(there)
    assert not only.fall_back(error, 900)
    both = ChosenSource(there, Nothing(), seconds=900)
    assert both.current is both.copy
    assert both.fall_back(error, 900)
    assert (both.current, both.missing) == (there, reason_of(error))
    assert not both.fall_back(error, 900)
    assert len(reason_of(error)) == 500
    assert reason_of(error).startswith("no\\nbranch")


@pytest.mark.parametrize(
    "event",
    [
        {"action": "destroy", "database": "app", "run": "run-1"},
        {"action": "delete", "database": "app", "run": "../main"},
        {"action": "delete", "database": "app"},
        {"action": "create", "database": "app", "run": "run-1", "role": "neondb_owner"},
        {"action": "delete", "database": "app", "run": "run-1", "branch": "*"},
        {"action": "create", "database": "app", "run": "run-1", "purpose": "look"},
        ["create"],
    ],
    ids=str,
)
def test_nobody_asks_for_another_role_or_another_branch(event: object) -> None:
    with pytest.raises(EventError):
        parse_branch_request(event)


RUN = {"action": "create", "database": "app", "run": "run-1"}


def test_the_branches_of_backups_and_drills_have_names_that_never_meet() -> None:
    backup, drilling = (
        parse_branch_request({**RUN, "purpose": purpose}) for purpose in ("backup", "drill")
    )
    assert parse_branch_request(RUN) == backup
    assert name_of(backup) == "lifeboat/app/function/run-1"
    assert name_of(drilling) == "lifeboat-drill/app/function/run-1"
    both = [branch(name=name_of(each), id=f"br-{n}") for n, each in enumerate((backup, drilling))]
    assert [[each.id for each in of_run(both, asked)] for asked in (backup, drilling)] == [
        ["br-0"],
        ["br-1"],
    ]
    old = [each.model_copy(update={"expires_at": NOW}) for each in both]
    assert [[each.id for each in leftovers(old, asked, NOW)] for asked in (backup, drilling)] == [
        ["br-0"],
        ["br-1"],
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "br-main-1"},
        {"name": "production"},
        {"name": "lifeboat/app/function/run-2"},
        {"default": True},
        {"protected": True},
        {"parent_id": None},
        {"expires_at": None},
    ],
    ids=str,
)
def test_nothing_is_deleted_on_a_branch_that_was_not_made_just_now(
    changed: dict[str, object],
) -> None:
    before = [branch(id="br-main-1", name="production", parent_id=None, default=True)]
    usual = {"expires_at": "2026-11-30T11:00:00Z"}
    assert is_new(branch(**usual), branch().name, before)
    assert not is_new(branch(**usual | changed), branch().name, before)


def test_a_manifest_keeps_the_branch_and_an_older_one_has_none() -> None:
    read = described(branch())
    written = MANIFEST.model_copy(update={"branch": read}).to_json()
    assert Manifest.from_json(written).branch == read
    text = json.loads(written)
    del text["branch"], text["branch_missing"]
    older = Manifest.from_json(json.dumps(text).encode())
    assert (older.branch, older.branch_missing) == (None, None)


def test_a_manifests_branch_is_no_free_text() -> None:
    with pytest.raises(ValueError, match="id"):
        SourceBranch(project_id="x", id="BR;", parent_id="br-1", moment=NOW)


def settings(**changed: object) -> Settings:
    database = {"name": "app", "secret_arn": ARN.format("app"), "source": "branch", **changed}
    return parse({"lifeboat": {"databases": [database]}}, deployment=Deployment())


def test_a_branch_needs_neon_and_the_function_that_makes_it_knows_only_such_databases() -> None:
    with pytest.raises(SettingsError, match=r"\[databases.neon\], unlike app"):
        settings()
    neon = {"project_id": "shiny-wind-1", "api_key_secret_arn": ARN.format("neon")}
    (known,) = settings(neon=neon).at_broker().databases
    assert (known.name, known.secret_arn) == ("app", ARN.format("app"))
    assert settings(neon=neon, source="database").at_broker().databases == ()
    with pytest.raises(SettingsError, match="'database' or 'branch'"):
        settings(neon=neon, source="clone")


def test_a_drill_on_a_branch_needs_neon_and_gives_that_function_no_secret_of_the_database() -> None:
    drilled = {"source": "database", "drill_target": "neon-branch"}
    with pytest.raises(SettingsError, match=r'drill_target = "neon-branch" has a table'):
        settings(**drilled)
    neon = {"project_id": "shiny-wind-1", "api_key_secret_arn": ARN.format("neon")}
    found = settings(neon=neon, **drilled).at_broker()
    (known,) = found.databases
    assert (known.name, known.secret_arn, known.drills) == ("app", None, True)
    assert (found.names("backup"), found.names("drill")) == ((), ("app",))
    both = settings(neon=neon, **drilled | {"source": "branch"}).at_broker()
    assert (both.names("backup"), both.names("drill")) == (("app",), ("app",))
    off = settings(neon=neon, **drilled)
    off = off.model_copy(update={"drill": off.drill.model_copy(update={"enabled": False})})
    assert off.at_broker().databases == ()
    with pytest.raises(SettingsError, match="'embedded' or 'neon-branch'"):
        settings(neon=neon, drill_target="aurora")

"""Restores by Neon, with real rows: plan, go, comparison, undo, and what is refused."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifeboat.errors import (
    EventError,
    LifeboatError,
    ProviderOperationError,
    RefusedError,
    TimeLimitError,
)
from lifeboat.model.keys import BackupLocation
from lifeboat.model.tiers import Tier
from lifeboat.neon.api import NeonApi
from lifeboat.neon.client import NeonProject
from lifeboat.neon_restore.carry_out import carry_out
from lifeboat.neon_restore.plan import plan_restore
from lifeboat.neon_restore.policy.event import parse_neon_restore_event
from lifeboat.neon_restore.policy.record import NeonRestoreReport
from lifeboat.neon_restore.run import LAST_SECONDS, NeonRestoreRun
from lifeboat.neon_restore.store import Store
from lifeboat.postgres.programs import Programs
from lifeboat.provider_watch.ask_neon import ask_neon
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import BackupBucket, Protection
from lifeboat.settings import NeonDatabase, NeonSettings, WatchedNeon
from local.neon import FakeNeon, Fault
from local.neon.faults import Kind
from local.neon.model import Branch
from local.neon.storage import DATABASE, ROLE
from tests.support.backup_harness import SECRET_ARN, Bucket, eventually
from tests.support.neon_contract import ContractPool

KEY = "napi_s3cr3t0bait1234567890"
SECOND = timedelta(seconds=1)
PLANS: list[datetime] = []


@dataclass
class Restores:
    """One project of the stand-in, and the function's work in this process.

    Attributes:
        neon: the stand-in.
        bucket: where plans and reports are.
        backups: events that the backup function got.
        backup_answer: what it answers; None: it takes the backup.
        clock: added to the real time.
    """

    neon: FakeNeon
    bucket: Bucket
    programs: Programs
    folder: Path
    backups: list[dict[str, object]] = field(default_factory=list)
    backup_answer: dict[str, object] | None = None
    clock: timedelta = timedelta(0)
    seconds: float = 300.0
    _runs: int = 0

    def send(self, **event: Any) -> dict[str, Any]:
        """What the function answers to an event."""
        self._runs += 1
        asked = parse_neon_restore_event({"database": "app", **event})
        run = self._run(asked, f"run-{self._runs:08}")
        try:
            answer = carry_out(run) if asked.execute else plan_restore(run)
        except LifeboatError as error:
            error.ending(run.safe)
            raise
        said = answer.as_json()
        assert KEY not in json.dumps(said)
        assert "postgresql://" not in json.dumps(said)
        return said

    def go(self, plan: dict[str, Any], **changes: object) -> dict[str, Any]:
        return self.send(**{**plan["next_event"], **changes})

    def rows(self, table: str, branch: str | None = None) -> int:
        (row,) = self.execute(f"SELECT count(*) FROM {table}", branch)
        return int(str(row[0]))

    def execute(
        self, statement: str, branch: str | None = None, database: str = DATABASE
    ) -> list[tuple[object, ...]]:
        found = self.neon.project.branches[branch or self.neon.project.main.id]
        line = self.neon.control.line_of(found)
        url = line.server.url(database=database, user=ROLE, password=line.passwords[ROLE])
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A session in the default branch."""
        line = self.neon.control.line_of(self.neon.project.main)
        url = line.server.url(database=DATABASE, user=ROLE, password=line.passwords[ROLE])
        return psycopg.connect(url, autocommit=True)

    def branches(self) -> list[str]:
        return sorted(each.name for each in self.neon.project.branches.values())

    def _run(self, asked: Any, run_id: str) -> NeonRestoreRun:
        until = time.monotonic() + self.seconds
        project = self.neon.project.id
        place = NeonSettings(project_id=project, api_key_secret_arn=SECRET_ARN, restore=True)
        bucket = BackupBucket(self.bucket.client, self.bucket.name)
        return NeonRestoreRun(
            event=asked,
            run_id=run_id,
            started=self._started(new=not asked.execute),
            database=NeonDatabase(name="app", neon=place),
            neon=NeonProject(NeonApi(KEY, ContractPool(), self.neon.url, until), project),
            store=Store(bucket, Protection(), Protection()),
            programs=self.programs,
            back_up=self._back_up,
            folder=self.folder,
            remaining=lambda: until - time.monotonic(),
        )

    def _started(self, *, new: bool) -> datetime:
        """Each plan of the project is of another second, which is its identity."""
        started = (datetime.now(UTC) + self.clock).replace(microsecond=0)
        if new:
            started = max([started, *(each + SECOND for each in PLANS)])
            PLANS.append(started)
        return started

    def _back_up(self, event: dict[str, object], _seconds: float) -> dict[str, object]:
        self.backups.append(event)
        if self.backup_answer is not None:
            return self.backup_answer
        self.take_backup(event)
        return {"created": True}

    def take_backup(self, event: dict[str, object]) -> None:
        """What a backup leaves behind, as far as a restore looks."""
        began = datetime.fromisoformat(str(event["began"]))
        key = BackupLocation(Tier.MANUAL, "app", began).manifest_key
        self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=b"{}")


@pytest.fixture(scope="module")
def neon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNeon]:
    """One project for all tests; each has a table of its own."""
    with FakeNeon.start(KEY, root=tmp_path_factory.mktemp("neon")) as running:
        running.control.operation_seconds = 0.0
        running.project.branches_limit = 100  # each restore keeps one
        yield running


@pytest.fixture
def restores(
    neon: FakeNeon, bucket: Bucket, programs: Programs, tmp_path: Path
) -> Iterator[Restores]:
    yield Restores(neon, bucket, programs, tmp_path)
    neon.faults = []
    neon.control.failing.clear()
    neon.project.main.protected = False
    neon.control.restores_protected = True
    neon.project.main.state = "ready"


def moment_of(restores: Restores) -> datetime:
    """A moment after all that was written; nothing is written in the same microsecond."""
    (row,) = restores.execute("SELECT clock_timestamp()")
    assert isinstance(row[0], datetime)
    return row[0].astimezone(UTC)


def lose_rows(restores: Restores, table: str) -> datetime:
    """A table of ten rows that loses seven; gives the moment before."""
    restores.execute(f"CREATE TABLE {table} AS SELECT generate_series(1, 10) AS id")
    at = moment_of(restores)
    restores.execute(f"DELETE FROM {table} WHERE id > 3")
    return at


def refused(restores: Restores, **event: Any) -> LifeboatError:
    with pytest.raises(LifeboatError) as caught:
        restores.send(**event)
    assert caught.value.todo
    return caught.value


def test_rows_come_back_and_go_again(restores: Restores) -> None:
    restores.execute("CREATE TABLE kept AS SELECT generate_series(1, 4) AS id")
    at = lose_rows(restores, "users")
    restores.execute("DROP TABLE kept")
    restores.execute("CREATE TABLE later (id int)")
    restores.execute("ALTER TABLE users ADD COLUMN name text")

    plan = restores.send(action="restore", at=at)

    (database,) = plan["databases"]
    tables = {each["table"]: (each["rows_then"], each["rows_now"]) for each in database["tables"]}
    assert tables == {"public.users": (10, 3), "public.kept": (4, None), "public.later": (None, 0)}
    assert set(database["definitions"]) == {
        "TABLE public.kept: only then",
        "TABLE public.later: only now",
        "TABLE public.users: differs",
    }
    assert database["problems"] == database["not_counted"] == []
    assert plan["changed"] is False
    assert plan["lost_seconds"] >= 0
    assert any("goes: the last 0 min" in each for each in plan["warnings"])
    assert restores.branches() == ["main"]
    assert restores.rows("users") == 3
    assert restores.backups == []

    done = restores.go(plan)

    assert (done["verdict"], done["repeated"]) == ("same", False)
    assert restores.rows("users") == 10
    assert restores.rows("kept") == 4
    assert restores.branches() == sorted(["main", plan["kept_as"]])
    (event,) = restores.backups
    assert event["label"] == "before-neon-restore"
    assert done["backup"] == plan["backup"] == f"manual/app/{plan['plan']}"
    key = done["report"].removeprefix(f"s3://{restores.bucket.name}/")
    report = NeonRestoreReport.from_json(restores.bucket.read(key), key=key)
    assert (report.verdict, report.kept_id) == ("same", done["kept_id"])

    # What watches Neon still says that the branch can be thrown back.
    api = NeonApi(KEY, ContractPool(), restores.neon.url)
    assert ask_neon(api, WatchedNeon(project_id=restores.neon.project.id)).facts.branch.root

    # The same event once more: nothing is restored, and nothing is backed up.
    restores.execute("INSERT INTO users VALUES (11)")
    again = restores.go(plan)
    assert (again["verdict"], again["repeated"]) == ("different", True)
    (table,) = again["databases"][0]["tables"]
    assert (table["rows_then"], table["rows_now"]) == (10, 11)
    assert len(restores.backups) == 1
    assert NeonRestoreReport.from_json(restores.bucket.read(key), key=key) == report

    # And the way back, whose plan says what it is.
    assert done["undo_command"] == "lifeboat undo app --by neon"
    way_back = restores.send(**done["next_event"])
    (database,) = way_back["databases"]
    tables = {each["table"]: (each["rows_then"], each["rows_now"]) for each in database["tables"]}
    assert tables["public.users"] == (3, 11)
    assert way_back["at"] is None
    undone = restores.go(way_back)
    assert undone["verdict"] == "same"
    assert restores.rows("users") == 3
    assert restores.rows("later") == 0
    kept = [each for each in restores.branches() if each != "main"]
    assert kept == sorted([plan["kept_as"], way_back["kept_as"]])


def test_other_databases_of_the_branch_are_named_with_what_they_lose(restores: Restores) -> None:
    at = lose_rows(restores, "carts")
    hostile = 'o"ther\ndb'
    quoted = hostile.replace('"', '""')
    restores.execute(f'CREATE DATABASE "{quoted}"')
    plan = restores.send(action="restore", at=at)
    by_name = {each["database"]: each for each in plan["databases"]}
    assert by_name[hostile]["definitions"] == ["the whole database: only now"]
    (all_go,) = (each for each in plan["warnings"] if each.startswith("All 2 databases"))
    assert 'o"ther\\ndb' in all_go
    assert not any("\n" in each for each in (*plan["warnings"], *plan["steps"]))
    restores.execute(f'DROP DATABASE "{quoted}"')


def test_what_neon_cannot_throw_back_is_refused_before_anything_is_made(
    restores: Restores,
) -> None:
    restores.execute("SELECT 1")
    now, main = datetime.now(UTC), restores.neon.project.main
    seen = len(restores.neon.requests)
    ahead = refused(restores, action="restore", at=now + timedelta(minutes=5))
    assert "lies in the future" in ahead.what
    old = refused(restores, action="restore", at=now - timedelta(days=8))
    assert "Neon keeps 7 days of history" in old.what
    before = refused(restores, action="restore", at=now - timedelta(days=301))
    assert "was made at" in before.what
    main.state = "resetting"
    assert "calls it resetting" in refused(restores, action="restore", at=now).what
    main.state = "ready"
    parent = Branch("old one", now, state="ready")
    restores.neon.project.branches[parent.id] = parent
    before_that, main.parent_id = main.parent_id, parent.id
    assert "no root branch" in refused(restores, action="restore", at=now).what
    main.parent_id = before_that
    del restores.neon.project.branches[parent.id]
    assert all(each.method == "GET" for each in restores.neon.requests[seen:])
    assert not any(name.startswith("lifeboat_look") for name in restores.branches())
    for error in (ahead, old, before):
        assert isinstance(error, RefusedError)
        assert "Nothing was touched" in error.safe


def test_a_protected_branch_comes_back_too(restores: Restores) -> None:
    restores.neon.project.main.protected = True
    at = lose_rows(restores, "protected")
    plan = restores.send(action="restore", at=at)
    assert any("main is protected" in each for each in plan["warnings"])
    assert restores.go(plan)["verdict"] == "same"
    assert restores.neon.project.main.protected


def test_where_neon_refuses_a_protected_branch_one_is_told_what_to_do(restores: Restores) -> None:
    restores.neon.project.main.protected = True
    restores.neon.control.restores_protected = False
    at = lose_rows(restores, "refused")
    plan = restores.send(action="restore", at=at)
    error = refused(restores, **plan["next_event"])
    assert "the branch is protected" in error.what
    assert "take its protection away in the Neon console (Branches, main)" in error.todo
    assert f"--plan-id {plan['plan']}" in error.todo
    assert restores.rows("refused") == 3
    restores.neon.project.main.protected = False
    assert restores.go(plan)["verdict"] == "same"
    assert restores.rows("refused") == 10


@pytest.mark.parametrize(
    "event",
    [
        {"action": "restore"},
        {"action": "undo", "at": "2026-11-22T09:00:00Z"},
        {"action": "restore", "execute": True, "confirm": "main"},
        {"action": "restore", "execute": True, "plan": "2026-11-22T090000Z"},
        {"action": "restore", "execute": True, "plan": "2026-99-22T090000Z", "confirm": "main"},
        {"action": "restore", "at": "2026-11-22T09:00:00Z", "plan": "2026-11-22T090000Z"},
        {"action": "restore", "at": "2026-11-22T09:00:00Z", "snapshot": "x"},
        {"action": "restore", "snapshot": ""},
        {"action": "undo", "snapshot": "x"},
        {"action": "drop", "at": "2026-11-22T09:00:00Z"},
    ],
)
def test_an_event_that_does_not_fit_together_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(EventError):
        parse_neon_restore_event({"database": "app", **event})


def test_a_backup_that_fails_or_goes_on_comes_before_any_restore(restores: Restores) -> None:
    at = lose_rows(restores, "orders")
    plan = restores.send(action="restore", at=at)
    restores.backup_answer = {"errorMessage": "The disk is full.\nSafe: x\nNext: y"}
    failed = refused(restores, **plan["next_event"])
    assert "so nothing was restored: The disk is full." in failed.what
    assert "untouched" in failed.safe
    assert restores.rows("orders") == 3

    restores.backup_answer = {"handed_over": {"build": "Lifeboat-backup-app-job:1"}}
    goes_on = refused(restores, **plan["next_event"])
    assert isinstance(goes_on, TimeLimitError)
    assert "goes on as the job Lifeboat-backup-app-job:1" in goes_on.what
    assert f"--plan-id {plan['plan']}" in goes_on.todo
    assert "goes on as the job" in refused(restores, **plan["next_event"]).what
    assert len(restores.backups) == 2
    assert restores.rows("orders") == 3

    # The job has ended: two hours later the same event goes on.
    restores.take_backup(restores.backups[0])
    restores.clock += timedelta(hours=2)
    assert restores.go(plan)["verdict"] == "same"
    assert restores.rows("orders") == 10
    assert len(restores.backups) == 2


def test_a_plan_is_carried_out_only_on_the_branch_that_it_was_made_for(
    restores: Restores,
) -> None:
    at = lose_rows(restores, "events")
    plan = restores.send(action="restore", at=at)
    restores.clock += timedelta(minutes=61)
    assert "more than 60 min ago" in refused(restores, **plan["next_event"]).what
    restores.clock -= timedelta(minutes=61)
    other = refused(restores, **{**plan["next_event"], "confirm": "mane"})
    assert "does not have the name of the branch" in other.what
    unknown = refused(restores, **{**plan["next_event"], "plan": "2026-11-22T090000Z"})
    assert "is not the newest plan" in unknown.what

    # Somebody restores in the console, before and while the backup runs.
    def elsewhere(name: str) -> None:
        main = restores.neon.project.main
        _, operations = restores.neon.control.restore(main.id, main.id, at, name)
        while not all(each.ended for each in operations):
            time.sleep(0.01)

    class Meanwhile(dict[str, object]):
        def get(self, *_: object) -> None:
            elsewhere("main_old_1")
            restores.take_backup(restores.backups[0])

    restores.backup_answer = Meanwhile()
    assert "is not as it was" in refused(restores, **plan["next_event"]).what
    assert "is not as it was" in refused(restores, **plan["next_event"]).what
    assert plan["kept_as"] not in restores.branches()


def test_a_restore_that_fails_half_way_or_outlasts_the_function_is_picked_up(
    restores: Restores,
) -> None:
    at = lose_rows(restores, "invoices")
    plan = restores.send(action="restore", at=at)
    restores.neon.control.failing = ["create_branch"]
    failed = refused(restores, **plan["next_event"])
    assert isinstance(failed, ProviderOperationError)
    assert "a failure on request" in failed.what
    assert plan["backup"] in failed.safe
    assert f"--plan-id {plan['plan']}" in failed.todo
    assert restores.rows("invoices") == 3

    restores.neon.control.operation_seconds = 1.5
    restores.seconds = LAST_SECONDS + 1.0
    late = refused(restores, **plan["next_event"])
    assert isinstance(late, TimeLimitError)
    assert "Neon goes on by itself" in late.todo
    restores.neon.control.operation_seconds = 0.0
    restores.seconds = 300.0
    done = restores.go(plan)
    assert (done["verdict"], done["repeated"]) == ("same", True)
    assert restores.rows("invoices") == 10
    assert len(restores.backups) == 1


def test_a_lost_answer_restores_neither_twice_nor_unseen(restores: Restores) -> None:
    at = lose_rows(restores, "lost")
    plan = restores.send(action="restore", at=at)
    # It does not get to Neon: nobody knows, and nothing has happened.
    restores.neon.faults = [Fault(Kind.CUT, method="POST", path="/restore$")]
    failed = refused(restores, **plan["next_event"])
    assert "See in the Neon console whether it was done." in failed.todo
    assert plan["kept_as"] not in restores.branches()
    # Then only the answer is lost.
    restores.neon.faults = [Fault(Kind.LOST, method="POST", path="/restore$")]
    done = restores.go(plan)
    assert done["verdict"] == "same"
    assert restores.rows("lost") == 10
    assert restores.branches().count(plan["kept_as"]) == 1
    asked = [each for each in restores.neon.requests if plan["kept_as"] in str(each.body)]
    assert len(asked) == 2


def test_two_people_who_send_one_event_at_once_restore_once(
    restores: Restores, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = restores.send(action="restore", at=lose_rows(restores, "twice"))
    restores.execute("INSERT INTO twice VALUES (11)")  # which no plan has seen
    back_up, first = restores._back_up, list[Future[dict[str, Any]]]()

    def meanwhile(event: dict[str, object], seconds: float) -> dict[str, object]:
        """The one takes so long to back up that the other has begun to restore by then."""
        if not first:
            first.append(other.submit(restores.go, plan))
            eventually(lambda: restores.neon.project.main.state != "ready")
        return back_up(event, seconds)

    monkeypatch.setattr(restores, "_back_up", meanwhile)
    monkeypatch.setattr(restores.neon.control, "operation_seconds", 0.5)
    with ThreadPoolExecutor(1) as other:
        done = [restores.go(plan), first[0].result()]
    monkeypatch.undo()
    assert [each["verdict"] for each in done] == ["same", "same"]
    assert restores.branches().count(plan["kept_as"]) == 1
    assert restores.rows("twice") == 10
    restores.go(restores.send(action="undo"))
    assert restores.rows("twice") == 4


def test_the_look_branch_is_deleted_when_reading_fails_and_named_when_it_can_not_be(
    restores: Restores,
) -> None:
    at = lose_rows(restores, "looks")
    restores.neon.faults = [Fault(status=500, path="/databases$", times=1)]
    refused(restores, action="restore", at=at)
    assert not any(name.startswith("lifeboat_look") for name in restores.branches())
    # An answer that was lost: the branch is found by its name.
    restores.neon.faults = [Fault(Kind.LOST, method="POST", path="/branches$")]
    refused(restores, action="restore", at=at)
    assert not any(name.startswith("lifeboat_look") for name in restores.branches())
    strange = b'{"uri": "postgresql://me:p4ssw0rd@127.0.0.1/neondb?its=p4ssw0rd"}'
    restores.neon.faults = [
        Fault(status=500, method="DELETE", times=1),
        Fault(Kind.SPOILED, body=strange, path="/connection_uri$"),
    ]
    plan = restores.send(action="restore", at=at)
    assert "p4ssw0rd" not in json.dumps(plan)
    (problem,) = plan["databases"][0]["problems"]
    assert problem.endswith(
        "could not be read: Neon's connection URI is none that Lifeboat can use."
    )
    (note,) = (each for each in plan["warnings"] if "could not be deleted" in each)
    assert "two hours after it was made" in note
    (left,) = (each for each in restores.neon.project.branches.values() if "_look_" in each.name)
    assert left.expires_at
    restores.neon.control.delete(left.id)


def test_a_snapshot_comes_back_and_goes_again(restores: Restores) -> None:
    restores.execute("CREATE TABLE snapped AS SELECT generate_series(1, 10) AS id")
    taken = restores.neon.control.take_snapshot("before the move")
    restores.execute("DELETE FROM snapped WHERE id > 3")
    before = restores.branches()

    plan = restores.send(action="restore", snapshot="before the move")

    (database,) = plan["databases"]
    tables = {each["table"]: (each["rows_then"], each["rows_now"]) for each in database["tables"]}
    assert tables == {"public.snapped": (10, 3)}
    assert plan["snapshot"] == taken.id
    assert datetime.fromisoformat(plan["at"]) == taken.created_at
    assert "back to the snapshot before the move of " in " ".join(plan["steps"])
    assert any("beta" in each for each in plan["warnings"])
    assert restores.branches() == before
    assert restores.rows("snapped") == 3
    assert restores.backups == []

    main = restores.neon.project.main.id
    done = restores.go(plan)

    assert (done["verdict"], done["snapshot"]) == ("same", taken.id)
    assert (restores.neon.project.main.id, done["branch_id"]) == (main, main)
    assert restores.rows("snapped") == 10
    assert restores.branches() == sorted([*before, plan["kept_as"]])
    assert len(restores.backups) == 1
    again = restores.go(plan)
    assert (again["verdict"], again["repeated"]) == ("same", True)
    assert restores.branches() == sorted([*before, plan["kept_as"]])

    assert restores.go(restores.send(action="undo"))["verdict"] == "same"
    assert restores.rows("snapped") == 3


def test_a_snapshot_is_found_by_its_id_too_and_what_is_there_is_named(restores: Restores) -> None:
    restores.execute("SELECT 1")
    first = restores.neon.control.take_snapshot("twice\x1b[2J")
    second = restores.neon.control.take_snapshot("twice\x1b[2J")
    for wanted, what in (("twice\x1b[2J", "2 snapshots"), ("once", "no snapshot once")):
        seen = len(restores.neon.requests)
        error = refused(restores, action="restore", snapshot=wanted)
        assert what in error.what
        assert first.id in error.todo
        assert second.id in error.todo
        assert "\x1b" not in error.what + error.todo
        assert all(each.method == "GET" for each in restores.neon.requests[seen:])
    assert restores.send(action="restore", snapshot=first.id)["snapshot"] == first.id
    restores.neon.project.snapshots.clear()
    assert "no snapshot at all" in refused(restores, action="restore", snapshot="once").todo


def test_a_snapshots_branch_that_cannot_be_made_or_deleted_is_told(restores: Restores) -> None:
    restores.execute("CREATE TABLE shot AS SELECT generate_series(1, 10) AS id")
    restores.neon.control.take_snapshot("shot")
    restores.execute("DELETE FROM shot WHERE id > 3")
    restores.neon.control.failing.append("start_compute")
    before = restores.branches()
    refused(restores, action="restore", snapshot="shot")
    assert restores.branches() == before
    restores.neon.faults = [Fault(status=400, method="PATCH", times=1)]
    plan = restores.send(action="restore", snapshot="shot")
    assert any("does not expire by itself" in each for each in plan["warnings"])
    assert restores.branches() == before  # it is known by its id, and deleted all the same

    restores.neon.control.failing.append("create_branch")
    error = refused(restores, **plan["next_event"])
    assert restores.rows("shot") == 3
    assert error.safe
    assert restores.go(plan)["verdict"] == "same"
    assert restores.rows("shot") == 10

    restores.execute("DELETE FROM shot WHERE id > 3")
    plan, before = restores.send(action="restore", snapshot="shot"), restores.branches()
    restores.neon.faults = [Fault(status=500, method="DELETE", times=9)]
    done = restores.go(plan)
    restores.neon.faults = []
    assert done["verdict"] == "same"
    assert any("could not be deleted" in each for each in done["notes"])
    assert any(each.startswith("lifeboat_snapshot_") for each in restores.branches())
    assert restores.go(plan)["repeated"]  # the same event once more tidies up
    assert restores.branches() == sorted([*before, plan["kept_as"]])


def test_two_people_who_send_the_event_of_a_snapshot_at_once_restore_once(
    restores: Restores, monkeypatch: pytest.MonkeyPatch
) -> None:
    restores.execute("CREATE TABLE both_of AS SELECT generate_series(1, 10) AS id")
    restores.neon.control.take_snapshot("of both")
    restores.execute("DELETE FROM both_of WHERE id > 3")
    plan, before = restores.send(action="restore", snapshot="of both"), restores.branches()
    back_up, first = restores._back_up, list[Future[dict[str, Any]]]()
    seen = len(restores.neon.requests)

    def meanwhile(event: dict[str, object], seconds: float) -> dict[str, object]:
        """The one takes so long to back up that the other makes the snapshot's branch by then."""
        if not first:
            first.append(other.submit(restores.go, plan))
            eventually(lambda: any("_snapshot_" in name for name in restores.branches()))
        return back_up(event, seconds)

    monkeypatch.setattr(restores, "_back_up", meanwhile)
    monkeypatch.setattr(restores.neon.control, "operation_seconds", 0.5)
    with ThreadPoolExecutor(1) as other:
        done = [restores.go(plan), first[0].result()]
    monkeypatch.undo()
    assert [each["verdict"] for each in done] == ["same", "same"]
    assert restores.rows("both_of") == 10
    asked = [each for each in restores.neon.requests[seen:] if each.method == "POST"]
    assert sum("/snapshots/" in each.path for each in asked) == 1
    assert restores.branches() == sorted([*before, plan["kept_as"]])


def test_nothing_to_undo_is_said(restores: Restores) -> None:
    restores.neon.project.main.name = "fresh"
    error = refused(restores, action="undo")
    restores.neon.project.main.name = "main"
    assert "There is nothing to undo" in error.what


def test_what_could_not_be_counted_is_never_called_the_same_and_a_backup_can_be_done_without(
    restores: Restores,
) -> None:
    lose_rows(restores, "secret_rows")
    restores.execute("ALTER TABLE secret_rows ENABLE ROW LEVEL SECURITY")
    restores.execute("ALTER TABLE secret_rows FORCE ROW LEVEL SECURITY")
    at = moment_of(restores)
    restores.execute("CREATE TABLE busy (id int)")
    with restores.connect() as migration, set_testing(load_lock_seconds=0.2):
        migration.execute("BEGIN")
        migration.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        plan = restores.send(action="restore", at=at, without_backup=True)
    assert plan["steps"][0].startswith("No backup to S3: you do without.")
    database = next(each for each in plan["databases"] if each["database"] == DATABASE)
    (busy, hidden) = database["not_counted"]
    assert busy == "public.busy: not counted: canceling statement due to lock timeout"
    assert hidden.startswith("public.secret_rows: not counted: ")
    (problem,) = database["problems"]
    assert problem.startswith("The definitions could not be read: pg_dump ended with 1: ")
    assert any(each.startswith("Not everything") for each in plan["warnings"])
    done = restores.go(plan)
    assert done["verdict"] == "unknown"
    assert (done["backup"], restores.backups) == (None, [])
    restores.execute("DROP TABLE secret_rows")

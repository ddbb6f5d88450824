"""What is written down about a database in Neon, whatever Neon answers."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from lifeboat.errors import StorageError
from lifeboat.model.provider import ProblemKind, ProviderKeyFacts, ProviderReport, ScheduleFacts
from lifeboat.neon.api import neon_pool
from lifeboat.provider_watch.report_store import ReportStore
from lifeboat.provider_watch.watch import Look, watch
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import NeonDatabase, NeonSettings, ProviderSettings
from local.aws import LocalAws
from local.neon import FakeNeon, Fault
from local.neon.faults import Kind
from local.neon.model import Branch, Snapshot
from local.neon.server import Key
from tests.support.backup_harness import Bucket
from tests.support.neon_contract import ContractPool
from tests.support.secret_stores import store_of

KEY = "napi_s3cr3t0bait1234567890"
NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = f"</td>\n\x1b[31m{KEY}\u202egpj"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNeon]:
    with FakeNeon.start(KEY, root=tmp_path_factory.mktemp("neon")) as fake:
        yield fake


@pytest.fixture
def neon(running: FakeNeon) -> Iterator[FakeNeon]:
    """The same for all tests, as its PostgreSQL takes a second; as new for each."""
    before = vars(running.project).copy()
    branch, kept = running.project.main, vars(running.project.main).copy()
    running.requests.clear()
    yield running
    vars(running.project).update(before)
    vars(branch).update(kept | {"line": branch.line})
    running.project.snapshots.clear()
    running.keys = {KEY: Key()}
    running.faults = []


@pytest.fixture(scope="module")
def secret(aws: LocalAws) -> str:
    made = aws.client("secretsmanager").create_secret(Name="neon/key", SecretString=f"{KEY}\n")
    return str(made["ARN"])


@dataclass
class Watcher:
    """Looks, and reads what was stored."""

    look: Look
    bucket: Bucket
    log: StringIO

    def report(self, **changed: Any) -> ProviderReport:
        """Look once, and read the report as the monitor does."""
        list(watch(replace(self.look, **changed)))
        stored = self.bucket.read("providers/app.json")
        assert KEY not in stored.decode() + self.log.getvalue()
        return ProviderReport.from_json(stored, key="providers/app.json")

    def settings(self, *names: str, **changed: Any) -> ProviderSettings:
        """The settings of these databases, with another project, branch or secret."""
        usual = self.look.settings.databases[0].neon
        neon = NeonSettings.model_validate(usual.model_dump() | changed)
        databases = tuple(NeonDatabase(name=name, neon=neon) for name in names or ("app",))
        return ProviderSettings(databases=databases)


@pytest.fixture
def watcher(aws: LocalAws, bucket: Bucket, neon: FakeNeon, secret: str) -> Watcher:
    settings = NeonSettings(project_id=neon.project.id, api_key_secret_arn=secret)
    log = StringIO()
    look = Look(
        settings=ProviderSettings(databases=(NeonDatabase(name="app", neon=settings),)),
        secrets=store_of(aws),
        reports=ReportStore(BackupBucket(bucket.client, bucket.name), None),
        remaining=lambda: 60.0,
        now=NOW,
        # A name of its own, as loggers of one name write to the stream of the first of them.
        logger=Logger(service=f"lifeboat-watch-of-{bucket.name}", stream=log),
        pool=neon_pool(),
        base_url=neon.url,
    )
    return Watcher(look, bucket, log)


def test_what_neon_can_give_back_is_written_down(neon: FakeNeon, watcher: Watcher) -> None:
    project, main = neon.project, neon.project.main
    project.quota = {"data_transfer_bytes": 5_000_000_000}
    main.protected = True
    main.schedule = [{"frequency": "daily", "hour": 2, "retention_seconds": 86_400}]
    hours = {hour: NOW - timedelta(hours=hour) for hour in (1, 5, 9)}
    project.snapshots += [
        Snapshot("by hand", main.id, hours[1], manual=True),
        Snapshot("scheduled", main.id, hours[5]),
        Snapshot("older", main.id, hours[9]),
        Snapshot("of another branch", "br-other", NOW),
    ]

    report = watcher.report(pool=ContractPool())

    assert (report.checked, report.facts_of, report.problem) == (NOW, NOW, None)
    facts = report.facts
    assert facts
    assert (facts.plan, facts.history_seconds) == ("launch_v3", 604_800)
    assert (facts.transfer_bytes, facts.transfer_quota_bytes) == (1_000_000_000, 5_000_000_000)
    assert (facts.period_start, facts.period_end) == (project.period_start, project.period_end)
    branch = facts.branch
    assert (branch.id, branch.default, branch.protected, branch.root) == (main.id, True, True, True)
    assert branch.databases
    assert facts.schedule == (ScheduleFacts(frequency="daily", hour=2, retention_seconds=86_400),)
    assert facts.snapshots
    assert facts.snapshots.count == 3
    assert facts.snapshots.newest == hours[1]
    assert facts.snapshots.newest_scheduled == hours[5]
    assert facts.key == ProviderKeyFacts(scope="api_key_org")
    assert {each.method for each in neon.requests} == {"GET"}


def test_a_project_on_the_free_plan_may_lack_what_larger_plans_have(
    neon: FakeNeon, watcher: Watcher
) -> None:
    neon.project.subscription_type, neon.project.history_retention_seconds = "free_v3", 21_600
    neon.faults = [
        Fault(status=402, code="PLAN", path="backup_schedule"),
        Fault(status=404, path="snapshots"),
        Fault(status=403, path="/auth"),
    ]
    report = watcher.report()
    assert report.problem is None
    assert report.facts
    assert (report.facts.plan, report.facts.history_seconds) == ("free_v3", 21_600)
    assert (report.facts.schedule, report.facts.snapshots) == (None, None)
    assert report.facts.key.scope is None


def test_the_branch_of_the_settings_is_looked_at(neon: FakeNeon, watcher: Watcher) -> None:
    child = Branch("child", NOW, parent_id=neon.project.main.id, line=neon.project.main.line)
    child.state = "ready"
    neon.project.branches = neon.project.branches | {child.id: child}
    report = watcher.report(settings=watcher.settings(branch_id=child.id))
    assert report.facts
    assert (report.facts.branch.id, report.facts.branch.root) == (child.id, False)


@pytest.mark.parametrize(
    ("faults", "kind", "told"),
    [
        ([Fault(status=401, times=9)], ProblemKind.KEY, "HTTP 401"),
        ([Fault(status=403, times=9)], ProblemKind.RIGHTS, "HTTP 403"),
        ([Fault(status=404, times=9)], ProblemKind.MISSING, "HTTP 404"),
        ([Fault(status=402, times=9)], ProblemKind.LIMITS, "HTTP 402"),
        ([Fault(status=400, times=9)], ProblemKind.CONTRACT, "HTTP 400"),
        ([Fault(status=429, times=99)], ProblemKind.DOWN, "HTTP 429"),
        ([Fault(status=503, times=99)], ProblemKind.DOWN, "HTTP 503"),
        ([Fault(status=500, times=99)], ProblemKind.DOWN, "HTTP 500"),
        ([Fault(Kind.CUT, times=99)], ProblemKind.DOWN, "broke"),
        ([Fault(Kind.HANGS, times=99)], ProblemKind.DOWN, "in time"),
        ([Fault(Kind.DRIPS, body=b" ", times=99)], ProblemKind.DOWN, "did not end in time"),
        ([Fault(Kind.SPOILED, body=b"{}", times=9)], ProblemKind.CONTRACT, "project"),
        (
            [Fault(status=401, message=f"no {HOSTILE} {{key}}", times=9)],
            ProblemKind.KEY,
            "no </td>\\n\\x1b[31m***\\u202egpj ***",
        ),
    ],
)
def test_a_problem_is_written_beside_what_was_known(
    neon: FakeNeon, watcher: Watcher, faults: list[Fault], kind: ProblemKind, told: str
) -> None:
    known = watcher.report().facts
    neon.faults = [replace(each) for each in faults]
    later = NOW + timedelta(hours=1)
    waits = {"provider_read_seconds": 0.3, "provider_connect_seconds": 0.2}
    with set_testing(**waits, provider_call_seconds=0.2, provider_pause_seconds=0.01):
        report = watcher.report(now=later)
    assert (report.checked, report.facts, report.facts_of) == (later, known, NOW)
    assert report.problem
    assert report.problem.kind == kind
    assert told in report.problem.what
    assert report.problem.next_step


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("napi_an0therkey1234567890", ProblemKind.KEY),
        ("napi_0fan0theraccount1234", ProblemKind.MISSING),
        ("two words, so no key", ProblemKind.KEY),
        (json.dumps({"url": KEY}), ProblemKind.KEY),
        (None, ProblemKind.KEY),
    ],
    ids=["revoked", "of another account", "no key", "JSON", "no secret"],
)
def test_a_key_that_is_no_good_is_a_problem_and_is_not_repeated(
    aws: LocalAws, neon: FakeNeon, watcher: Watcher, key: str | None, kind: ProblemKind
) -> None:
    neon.keys["napi_0fan0theraccount1234"] = Key(of_this_account=False)
    arn = watcher.look.settings.databases[0].neon.api_key_secret_arn[:-6] + "AbCdEf"
    if key is not None:
        name = f"neon/{time.monotonic_ns()}"
        made = aws.client("secretsmanager").create_secret(Name=name, SecretString=key)
        arn = made["ARN"]
    report = watcher.report(settings=watcher.settings(api_key_secret_arn=arn))
    assert report.problem
    assert report.problem.kind == kind
    assert (report.facts, report.facts_of) == (None, None)
    assert key is None or key not in report.model_dump_json()


def test_what_was_known_of_another_project_or_branch_is_not_kept(watcher: Watcher) -> None:
    watcher.report()
    for other in ({"project_id": "other-lake-1"}, {"branch_id": "br-other-1"}):
        report = watcher.report(settings=watcher.settings(**other))
        assert report.problem
        assert report.problem.kind is ProblemKind.MISSING
        assert report.facts is None
        watcher.report()


def test_a_project_without_a_default_branch_is_a_problem(neon: FakeNeon, watcher: Watcher) -> None:
    main = neon.project.main
    main.default = False
    report = watcher.report()
    main.default = True
    assert report.problem
    assert report.problem.kind is ProblemKind.MISSING
    assert "branch_id" in report.problem.next_step


def test_a_beta_part_that_breaks_its_contract_costs_nothing_else(
    neon: FakeNeon, watcher: Watcher
) -> None:
    neon.faults = [Fault(Kind.SPOILED, body=b'{"snapshots": 7}', path="snapshots", times=9)]
    report = watcher.report()
    assert report.facts
    assert (report.facts_of, report.facts.snapshots) == (NOW, None)
    assert report.facts.schedule == ()
    assert report.problem
    assert (report.problem.kind, "snapshots" in report.problem.what) == (ProblemKind.CONTRACT, True)


def test_numbers_that_cannot_be_are_no_facts(neon: FakeNeon, watcher: Watcher) -> None:
    neon.project.history_retention_seconds = 10**30
    report = watcher.report()
    assert report.facts is None
    assert report.problem
    assert report.problem.kind is ProblemKind.CONTRACT
    assert "history_seconds" in report.problem.what


def test_hostile_names_are_stored_on_one_line_and_without_the_key(
    neon: FakeNeon, watcher: Watcher
) -> None:
    neon.project.subscription_type = HOSTILE
    neon.project.main.name = HOSTILE + "x" * 500
    report = watcher.report()
    assert report.facts
    assert report.facts.plan == "</td>\\n\\x1b[31m***\\u202egpj"
    assert report.facts.branch.name.startswith(report.facts.plan)
    assert len(report.facts.branch.name) == 200


def test_an_api_that_hangs_leaves_the_other_databases_their_time(
    neon: FakeNeon, watcher: Watcher
) -> None:
    neon.faults = [Fault(Kind.HANGS, times=1)]
    end = time.monotonic() + 3
    look = replace(
        watcher.look,
        settings=watcher.settings("app", "shop"),
        remaining=lambda: end - time.monotonic(),
    )
    with set_testing(provider_read_seconds=60.0):
        reports = {each.database: each for each in watch(look)}
    assert time.monotonic() < end
    assert reports["app"].problem
    assert reports["app"].problem.kind is ProblemKind.DOWN
    assert reports["shop"].problem is None


@pytest.mark.parametrize("before", [b"{}", b"not JSON"])
def test_a_damaged_report_is_replaced(neon: FakeNeon, watcher: Watcher, before: bytes) -> None:
    watcher.bucket.client.put_object(
        Bucket=watcher.bucket.name, Key="providers/app.json", Body=before
    )
    neon.faults = [Fault(status=401, times=9)]
    report = watcher.report()
    assert report.problem
    assert report.facts is None
    assert "provider.previous_not_read" in watcher.log.getvalue()


def test_a_report_that_cannot_be_written_fails_after_the_others_were(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watcher.look.reports.bucket.client.put_object

    def put(**asked: Any) -> Any:
        if asked["Key"] == "providers/app.json":
            asked["Bucket"] = "there-is-no-such-bucket"
        return real(**asked)

    monkeypatch.setattr(watcher.look.reports.bucket.client, "put_object", put)
    look = replace(watcher.look, settings=watcher.settings("app", "shop"))
    with pytest.raises(StorageError, match=r"providers/app\.json"):
        list(watch(look))
    assert watcher.bucket.holds() == ["providers/shop.json"]

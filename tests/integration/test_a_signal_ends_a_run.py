"""SIGTERM, Ctrl-C or a lost terminal end a run of a program cleanly, whatever it is doing.

Real processes, with a real PostgreSQL and the local AWS: a program that the signal left behind, a
session or an unfinished upload would be there afterwards.
"""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.keys import attempt_key
from lifeboat.postgres.programs import Programs
from local.aws import LocalAws
from local.subscriber import Subscriber
from tests.support.backup_harness import BackupHarness, eventually, open_backends
from tests.support.job_process import Job
from tests.support.proxy import Proxy

BACKUP = {"database": "app", "tier": "manual"}
NAME = "Lifeboat-backup-app"


@dataclass
class Host:
    """A machine on which runs are programs, and who is told of their failures."""

    aws: LocalAws
    backups: BackupHarness
    people: Subscriber
    topic: str
    secret: str
    programs: Programs
    more: dict[str, str] = field(default_factory=dict)

    def start(self, work: str, event: dict[str, Any], **settings: Any) -> Job:
        databases = [{"name": "app", "secret_arn": self.secret}]
        whole = {"databases": databases, "object_lock": "off", **settings}
        environment = self.aws.environment() | {
            "LIFEBOAT_BUCKET": self.backups.bucket.name,
            "LIFEBOAT_TOPIC": self.topic,
            "LIFEBOAT_SETTINGS": json.dumps(whole),
            "LIFEBOAT_POSTGRES_ROOT": str(self.programs.root),
            "AWS_LAMBDA_FUNCTION_NAME": f"Lifeboat-{work}-app",
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        }
        return Job.start(work, event, environment | self.more)

    def use(self, proxy: Proxy) -> None:
        """Let the database be reached by this proxy only."""
        port = self.backups.database.server.port
        url = self.backups.database.url.replace(f":{port}/", f":{proxy.port}/")
        self.aws.client("secretsmanager").put_secret_value(SecretId=self.secret, SecretString=url)

    def attempt(self, work: str) -> Attempt:
        key = attempt_key("app", AttemptKind(work))
        return Attempt.from_json(self.backups.bucket.read(key))

    def require_clean_end(self, job: Job, number: signal.Signals, work: str = "backup") -> None:
        """The run ends by the signal, says so once, tells people, and leaves nothing behind."""
        assert job.end(number) == 128 + number
        self.backups.assert_nothing_was_published()
        assert job.answer() is None
        said = f"The run was ended from outside ({number.name})."
        assert job.told[0] == said
        assert [line.partition(" ")[0] for line in job.told[1:]] == ["Safe:", "Next:"]
        failed = [line for line in job.log if line.get("message") == f"{work}.failed"]
        assert [line["error"] for line in failed] == [said]
        attempt = self.attempt(work)
        assert (attempt.outcome, attempt.what) == (AttemptOutcome.FAILED, said)
        assert attempt.notified
        assert said in self.people.arrived(10)[0]["Message"]


@pytest.fixture
def host(aws: LocalAws, backups: BackupHarness, server_programs: Programs) -> Host:
    name = backups.bucket.name
    topic = aws.client("sns").create_topic(Name=name)["TopicArn"]
    secret = aws.client("secretsmanager").create_secret(
        Name=name, SecretString=backups.database.url
    )["ARN"]
    people = Subscriber.of(aws, topic)
    return Host(aws, backups, people, topic, secret, server_programs)


@pytest.fixture
def db_proxy(host: Host) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", host.backups.database.server.port) as proxy:
        host.use(proxy)
        yield proxy


@contextmanager
def during_the_dump(host: Host) -> Iterator[Job]:
    """A backup in the midst of its rows, whose pg_dump stands still."""
    host.backups.database.run(
        "CREATE TABLE wide AS SELECT i, repeat(md5(i::text), 30) AS w"
        " FROM generate_series(1, 50000) i"
    )
    with host.start("backup", BACKUP) as job:
        job.at_step("archive")
        dumps = [each for each in job.children() if each.name() == "pg_dump"]
        for each in dumps:
            each.suspend()
        assert dumps
        yield job


def test_a_run_that_nobody_ends_answers_in_one_line(host: Host) -> None:
    with host.start("backup", BACKUP) as job:
        assert job.wait() == 0
        assert job.answer()["created"]
        assert job.told == []
    assert host.attempt("backup").outcome is AttemptOutcome.SUCCEEDED


def test_while_it_waits_for_a_server_that_does_not_answer(host: Host, db_proxy: Proxy) -> None:
    db_proxy.stall()
    with host.start("backup", BACKUP) as job:
        job.at_step("connect")
        host.require_clean_end(job, signal.SIGTERM)
    db_proxy.require_silence()


def test_while_it_waits_for_a_lock(host: Host) -> None:
    database = host.backups.database
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with host.start("backup", BACKUP, backup={"lock_wait_seconds": 600}) as job:
            job.at_step("snapshot")
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            eventually(lambda: bool(database.value(waiting)))
            assert job.end(signal.SIGINT) == 130
            assert job.told[0] == "The run was ended from outside (SIGINT)."
    host.backups.assert_nothing_was_published()


def test_during_the_dump(host: Host) -> None:
    with during_the_dump(host) as job:
        host.require_clean_end(job, signal.SIGTERM)
    assert open_backends(host.backups.database) == []


def test_a_second_signal_changes_nothing(host: Host) -> None:
    with during_the_dump(host) as job:
        for _ in range(3):
            job.process.send_signal(signal.SIGINT)
        host.require_clean_end(job, signal.SIGINT)


def test_while_the_manifest_is_sent_it_says_that_nobody_knows(host: Host) -> None:
    s3 = urlsplit(host.aws.endpoint)
    with Proxy("127.0.0.1", s3.port or 443) as proxy:
        host.more = {"AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{proxy.port}"}
        proxy.slow(0.3)  # or it would be over before
        with host.start("backup", BACKUP) as job:
            eventually(lambda: any("globals" in key for key in host.backups.bucket.holds()))
            proxy.stall()
            assert job.end() == 143
            assert job.answer() is None
        proxy.require_silence()
    assert "It is not known whether this backup was published." in job.told[1]
    told = host.people.arrived(10)[0]["Message"]
    assert "It is not known whether" in told


def test_a_signal_that_comes_when_all_is_done_does_not_spoil_it(host: Host) -> None:
    with host.start("backup", BACKUP) as job:
        job.at(lambda line: line.get("message") == "backup.finished")
        if job.process.poll() is None:
            job.process.send_signal(signal.SIGTERM)
        assert job.wait() in {0, 143}  # 143: it had nothing left to do but to exit
    assert host.attempt("backup").outcome is AttemptOutcome.SUCCEEDED
    assert len(host.backups.bucket.holds()) > 0


@pytest.fixture
def slow_to_restore(host: Host) -> None:
    """A backup with an index that takes a minute to build, but not to back up."""
    host.backups.database.run(
        "CREATE FUNCTION quick(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
        " $$ BEGIN PERFORM CASE WHEN current_database() LIKE 'lifeboat%' OR"
        " current_database() LIKE '%restored%' THEN pg_sleep(60) END; RETURN i; END $$",
        "CREATE TABLE slow (i int)",
        "INSERT INTO slow VALUES (1)",
        "CREATE INDEX slowly ON slow (quick(i))",
    )
    with host.start("backup", BACKUP) as job:
        assert job.wait() == 0


@pytest.mark.usefixtures("slow_to_restore")
def test_while_a_drill_restores_no_verdict_is_given(host: Host) -> None:
    with host.start("drill", {"database": "app"}) as job:
        job.at_step("restore")
        assert job.end(signal.SIGHUP) == 129
        assert job.answer() is None
        said = "The run was ended from outside (SIGHUP)."
        assert job.told[0] == said
    attempt = host.attempt("drill")
    assert (attempt.outcome, attempt.what) == (AttemptOutcome.FAILED, said)
    assert not [key for key in host.backups.bucket.holds() if key.startswith("drills/")]
    assert said in host.people.arrived(10)[0]["Message"]


@pytest.mark.usefixtures("slow_to_restore")
def test_while_a_restore_runs_it_names_what_is_left(host: Host) -> None:
    event = {"action": "restore", "database": "app", "execute": True}
    with host.start("restore", event) as job:
        building = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX slowly%'"
            " AND state = 'active'"
        )
        eventually(lambda: bool(host.backups.database.value(building)))
        assert job.end() == 143
        assert job.answer() is None
        left = re.search(r'database "?(\w+)"? is left on the server', job.told[1])
        assert left
    with host.backups.database.server.admin() as admin:
        admin.autocommit = True
        admin.execute(f'DROP DATABASE "{left[1]}"')  # nobody is connected to it any more

"""A backup and a drill as jobs in CodeBuild's layout; what lies in the backup gets nothing."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from layers.code import function_code
from layers.postgres import client_layer, server_layer
from layers.python import dependency_layer
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.engine import MACHINES
from lifeboat.model.manifest import Manifest
from lifeboat.settings import Settings
from local.postgres import PostgresServer
from tests.sandbox.conftest import CA_INSIDE, Account
from tests.sandbox.intruder import ATTEMPTS, CALLING, PLANTED
from tests.sandbox.job import CREDENTIALS, CredentialsEndpoint, Job, commands
from tests.sandbox.job_box import CODE, POSTGRES, PYTHON_LAYER, JobBox
from tests.sandbox.scene import loads, scene_of, trusts
from tests.support import hostile_database
from tests.support.backup_harness import Bucket, Database, eventually
from tests.support.drill_harness import with_roles

ROOT, NOBODY = 0, 65534


@dataclass(frozen=True)
class Installed:
    """Two projects, their bucket and where their credentials come from."""

    account: Account
    bucket: Bucket
    settings: Settings
    endpoint: CredentialsEndpoint
    folders: pytest.TempPathFactory

    @contextmanager
    def start(self, work: str, event: dict[str, str]) -> Iterator[Job]:
        """Start a build of a work's project."""
        layer = server_layer if work == "drill" else client_layer
        folder = self.folders.mktemp(work)
        sources = {
            CODE: function_code(),
            POSTGRES: layer("x86_64"),
            PYTHON_LAYER: dependency_layer("x86_64"),
        }
        files = {CA_INSIDE: self.account.aws.ca_bundle, "/etc/hosts": Path("/etc/hosts")}
        (folder / "sources").mkdir()
        box = JobBox.unpacked(sources, files, folder / "sources")
        with Job(box, self._variables(work, event), folder) as job:
            yield job

    def _variables(self, work: str, event: dict[str, str]) -> dict[str, str]:
        """As `infra/job_project.py` and the start of a build set them; then those of AWS."""
        function, region = f"Lifeboat-{work}-app", self.account.aws.region
        return {
            "LIFEBOAT_BUCKET": self.bucket.name,
            "LIFEBOAT_TOPIC": f"arn:aws:sns:{region}:000000000000:people",
            "LIFEBOAT_SETTINGS": self.settings.of_database("app").model_dump_json(
                exclude_defaults=True
            ),
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "LIFEBOAT_WORK": work,
            "LIFEBOAT_ENGINE": "job",
            "LIFEBOAT_SECONDS": str(12 * 3600),
            "LIFEBOAT_MEMORY_MB": str(MACHINES["x86_64"]["medium"].memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "LIFEBOAT_FUNCTION_ARN": f"arn:aws:lambda:{region}:000000000000:function:{function}",
            "LIFEBOAT_EVENT": json.dumps(event),
            "LIFEBOAT_RUN_ID": f"run-of-{work}",
            "LIFEBOAT_JOB_REASON": "It does not fit.",
            "CODEBUILD_BUILD_ID": f"{function}-job:1",
            "CODEBUILD_START_TIME": str(int(time.time() * 1000)),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.account.aws.endpoint,
            "AWS_CA_BUNDLE": CA_INSIDE,
            CREDENTIALS: self.endpoint.url,
        }


@dataclass(frozen=True)
class Ended:
    """How a job ended, who its programs ran as, and what an intruder got."""

    answer: dict[str, Any]
    users: set[tuple[str, int]]
    log: str
    gained: dict[str, bool]


@pytest.fixture(scope="module")
def hostile(server_of: Callable[[int], PostgresServer]) -> Iterator[Database]:
    """A database whose code grasps for everything wherever its rows are loaded."""
    database = Database.create(server_of(18), "hostile")
    with with_roles(database, (hostile_database.TENANT,)):
        database.run(f"ALTER ROLE {hostile_database.TENANT} NOSUPERUSER")
        hostile_database.grasp(database)
        yield database


@pytest.fixture(scope="module")
def installed(
    account: Account, hostile: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    secret = account.secret(hostile.url)
    settings = Settings.model_validate({"databases": [{"name": "app", "secret_arn": secret}]})
    bucket = Bucket.create(account.aws.client("s3"), "bucket-of-jobs")
    with CredentialsEndpoint(account.credentials()) as endpoint:
        yield Installed(account, bucket, settings, endpoint, tmp_path_factory)


@pytest.fixture(scope="module")
def backed_up(installed: Installed) -> Ended:
    """The end of a backup by a job."""
    with installed.start("backup", {"database": "app"}) as job:
        answer = job.result()
        return Ended(answer, job.users, job.log(), {})


@pytest.fixture(scope="module")
def drilled(installed: Installed, backed_up: Ended, library: bytes) -> Ended:
    """The end of a drill by a job, in whose midst the server's superuser tries everything."""
    event = {"database": "app", "backup": backed_up.answer["backup"]}
    with (
        installed.start("drill", event) as job,
        job.stopped_at("pg_restore", when=loads) as stopped,
    ):
        scene = scene_of(
            job.descendants(),
            stopped.programs["pg_restore"],
            library,
            installed.endpoint.port,
            code=f"{CODE}/lifeboat/errors.py",
            secret=f"{CREDENTIALS}=",
        )
        eventually(lambda: trusts(scene))
        gained = {name: attempt(scene) for name, attempt in ATTEMPTS.items()}
        assert installed.endpoint.was_called(), "the job has its credentials from there"
        for call in CALLING:
            call(scene)
            gained[call.__name__] = installed.endpoint.was_called()
        stopped.resume()
        return Ended(stopped.answer.result(), job.users, job.log(), gained)


def test_a_backup_by_a_job_is_whole_and_its_decoder_is_not_root(
    installed: Installed, backed_up: Ended
) -> None:
    key = f"{backed_up.answer['backup']}/manifest.json"
    manifest = Manifest.from_json(installed.bucket.read(key), key=key)
    assert (manifest.engine, manifest.inventory.rows) == ("job", 11)
    assert ("python3", ROOT) in backed_up.users
    assert {user for name, user in backed_up.users if name == "pg_restore"} == {NOBODY}


def test_a_drill_by_a_job_says_what_it_says_in_a_function(
    installed: Installed, drilled: Ended
) -> None:
    assert drilled.answer.get("verdict") == "proven", (drilled.answer, drilled.log)
    key = drilled.answer["report"].removeprefix(f"s3://{installed.bucket.name}/")
    report = DrillReport.from_json(installed.bucket.read(key), key=key)
    assert (report.engine, report.rows) == ("job", 11)
    assert PLANTED not in drilled.log


def test_nothing_that_reads_a_backup_runs_as_root(drilled: Ended) -> None:
    assert ("python3", ROOT) in drilled.users
    assert ("sh", ROOT) in drilled.users
    readers = {each for each in drilled.users if each[0] not in {"python3", "sh", "bwrap", "chmod"}}
    assert {("postgres", NOBODY), ("pg_restore", NOBODY), ("pg_dump", NOBODY)} <= readers
    assert {user for _, user in readers} == {NOBODY}


@pytest.mark.parametrize("attempt", [*ATTEMPTS, *(call.__name__ for call in CALLING)])
def test_a_superuser_of_the_jobs_server_gets_nothing_by(drilled: Ended, attempt: str) -> None:
    assert not drilled.gained[attempt]


#: What a program of the job's gets without any jail, as root and as who reads backups.
_PEEK = """
import os, sys
from pathlib import Path
from lifeboat.postgres.account import CALLER, without_root
from lifeboat.postgres.jail import NO_JAIL
from lifeboat.postgres.programs import Process
from lifeboat.runtime.hidden_memory import hide_memory
spy = '''
for pid in "$@"; do
    while read -r line; do :; done <"/proc/$pid/environ" && echo "environ of $pid"
    for name in fd/%d mem root/proc/$pid/environ; do
        true <"/proc/$pid/$name" && echo "$name of $pid"
    done
done
true <"$0" && echo file
true >>"$0" && echo written
''' % os.open(__file__ if "__file__" in globals() else "/etc/passwd", os.O_RDONLY)
private = Path("/tmp/private")
private.write_text("of the job")
private.chmod(0o600)
hide_memory()
shell, own = os.getppid(), os.getpid()
for account in (CALLER, without_root()):
    argv = ["/bin/sh", "-c", spy, str(private), str(shell), str(own)]
    with Process(argv, env={}, jail=NO_JAIL, account=account) as child:
        said = child.read_all().decode().replace(str(shell), "shell").replace(str(own), "handler")
        child.wait()
    print(sorted(said.splitlines()))
"""


def test_the_user_of_the_server_is_a_barrier_by_itself(
    installed: Installed, tmp_path: Path
) -> None:
    """Hidden memory hides nothing of the shell above a job, and root's files are root's."""
    sources = {
        CODE: function_code(),
        POSTGRES: client_layer("x86_64"),
        PYTHON_LAYER: dependency_layer("x86_64"),
    }
    peek = tmp_path / "peek.py"
    peek.write_text(_PEEK)
    (tmp_path / "sources").mkdir()
    box = JobBox.unpacked(sources, {"/peek.py": peek}, tmp_path / "sources")
    script = "\n".join((*commands()[:-1], "python3 /peek.py"))
    done = subprocess.run(
        box.argv(script, {CREDENTIALS: installed.endpoint.url}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    as_root, as_nobody = done.stdout.splitlines()
    assert "environ of shell" in as_root, (as_root, done.stderr)
    assert "written" in as_root
    assert as_nobody == "[]"

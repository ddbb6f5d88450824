"""The page about any host: its files are well-formed, and its commands take backups."""

import json
import re
import shlex
import shutil
import subprocess
import tarfile
import tomllib
import venv
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from layers.host import host_archive
from layers.target import Platform
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.model.keys import attempt_key
from lifeboat.model.manifest import Manifest
from local.aws import LocalAws
from tests.support.backup_harness import SECRET_ARN, BackupHarness

PAGE = Path(__file__).parents[2] / "docs" / "any-host.md"
BLOCKS = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
PLACE = "/opt/lifeboat"


def unit(name: str) -> RawConfigParser:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(BLOCKS[name])
    return parser


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `install` leaves, and a Python without a single package."""
    place = tmp_path_factory.mktemp("host")
    with tarfile.open(host_archive(Platform.of_host().architecture)) as archive:
        archive.extractall(place, filter="tar")
    venv.create(place / "python", with_pip=False)
    return place


@pytest.fixture
def environment(
    unpacked: Path, aws: LocalAws, backups: BackupHarness, tmp_path: Path
) -> dict[str, str]:
    """That of the page, with its placeholders filled in, and what leads to the local AWS."""
    (tmp_path / "lifeboat.toml").write_text(
        f'object_lock = "off"\n[[databases]]\nname = "app"\nsecret_arn = "{SECRET_ARN}"\n'
    )
    named = dict(line.split("=", 1) for line in BLOCKS["env"].splitlines())
    ours = {
        "LIFEBOAT_SETTINGS_FILE": str(tmp_path / "lifeboat.toml"),
        "LIFEBOAT_BUCKET": backups.bucket.name,
        "LIFEBOAT_TOPIC": "",
        "LIFEBOAT_DATABASE_URL": backups.database.url,
        "AWS_REGION": aws.region,
    }
    assert named.keys() == ours.keys()
    assert all(shlex.split(value) for value in named.values())
    return {
        "PATH": "/usr/bin:/bin",
        "LIFEBOAT_PYTHON": str(unpacked / "python" / "bin" / "python3"),
        **aws.variables(),
        **ours,
    }


def run(
    unpacked: Path, command: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command of the page, where the archive was unpacked."""
    return subprocess.run(
        ["/bin/sh", "-c", command.replace(PLACE, str(unpacked / "lifeboat"))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def attempt(backups: BackupHarness, kind: AttemptKind) -> Attempt:
    return Attempt.from_json(backups.bucket.read(attempt_key("app", kind)))


def test_its_command_takes_a_backup_that_a_drill_proves(
    unpacked: Path, environment: dict[str, str], backups: BackupHarness
) -> None:
    command = unit("lifeboat.service")["Service"]["ExecStart"]
    done = run(unpacked, command, environment)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    manifest = Manifest.from_json(
        backups.bucket.read(f"{answer['backup']}/manifest.json"),
    )
    assert manifest.engine is Engine.JOB
    assert not answer["backup"].startswith("manual/")
    assert attempt(backups, AttemptKind.BACKUP).outcome is AttemptOutcome.SUCCEEDED
    (drill,) = re.findall(r"`(/opt/lifeboat/run drill .*?)`", PAGE.read_text())
    proven = run(unpacked, drill, environment)
    assert proven.returncode == 0, proven.stderr
    assert json.loads(proven.stdout)["verdict"] == "proven"
    shown = done.stdout + done.stderr + proven.stdout + proven.stderr
    assert backups.database.server.password not in shown


def test_a_failure_without_a_topic_is_told_by_the_exit_code_and_the_record(
    unpacked: Path, environment: dict[str, str], backups: BackupHarness
) -> None:
    wrong = environment | {"LIFEBOAT_DATABASE_URL": f"{backups.database.url}x"}
    done = run(unpacked, f"{PLACE}/backup app", wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()[-2:]] == ["Safe:", "Next:"]
    failed = attempt(backups, AttemptKind.BACKUP)
    assert (failed.outcome, failed.notified) == (AttemptOutcome.FAILED, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LIFEBOAT_BUCKET": ""}, "LIFEBOAT_BUCKET is not set"),
        ({"LIFEBOAT_SETTINGS_FILE": "/nowhere"}, "/nowhere, which cannot be read"),
        ({"LIFEBOAT_SETTINGS_FILE": str(PAGE)}, "is no valid TOML"),
    ],
)
def test_what_is_missing_is_named_and_nothing_starts(
    unpacked: Path, environment: dict[str, str], change: dict[str, str], said: str
) -> None:
    done = run(unpacked, f"{PLACE}/backup app", environment | change)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "\nSafe: Nothing was started" in done.stderr


def test_the_scripts_are_shell_and_the_settings_toml() -> None:
    for name in ("build", "install", "env"):
        subprocess.run(["/bin/sh", "-n"], input=BLOCKS[name], text=True, check=True)
    assert tomllib.loads(BLOCKS["env"])  # each line is a key with a quoted value


def test_the_line_for_cron_has_five_fields_a_user_and_a_command_without_percent_signs() -> None:
    (line,) = BLOCKS["cron"].splitlines()
    fields = line.split(None, 6)
    assert all(re.fullmatch(r"[0-9*]+", field) for field in fields[:5])
    assert fields[5] == "lifeboat"
    assert "%" not in line
    subprocess.run(["/bin/sh", "-n"], input=fields[6], text=True, check=True)


def test_the_units_of_systemd_are_valid(tmp_path: Path) -> None:
    for name in ("lifeboat.service", "lifeboat.timer"):
        text = BLOCKS[name].replace(f"{PLACE}/backup", "/bin/true")
        (tmp_path / name).write_text(text.replace("User=lifeboat\n", ""))
    assert unit("lifeboat.service")["Service"]["KillMode"] == "mixed"
    assert unit("lifeboat.timer")["Install"]["WantedBy"] == "timers.target"
    if verify := shutil.which("systemd-analyze"):
        subprocess.run([verify, "verify", tmp_path / "lifeboat.timer"], check=True)


def test_the_workflow_and_the_composition_are_yaml_that_runs_the_archive() -> None:
    workflow, compose = (yaml.safe_load(BLOCKS[name]) for name in ("workflow", "compose"))
    (job,) = workflow["jobs"].values()
    script = job["steps"][-1]
    subprocess.run(["/bin/sh", "-n"], input=script["run"], text=True, check=True)
    assert script["run"].splitlines()[-1] == 'exec "$RUNNER_TEMP/lifeboat/backup" app'
    assert workflow["permissions"]["id-token"] == "write"
    service = compose["services"]["backup"]
    assert service["command"] == [f"{PLACE}/backup", "app"]
    assert f"{PLACE}:{PLACE}:ro" in service["volumes"]

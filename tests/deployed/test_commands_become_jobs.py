"""Runs that a person starts, and that go on as jobs: the command follows them to the job's end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lifeboat.model.engine import Engine
from tests.deployed.conftest import Installation
from tests.deployed.test_lifeboat_command import CommandLine, allowed
from tests.support.restore_harness import databases, sweep


@contextmanager
def always_as_jobs(installation: Installation, *functions: str) -> Iterator[None]:
    """The functions' settings say `engine = "job"`; their projects are as deployed."""
    client = installation.aws.client("lambda")
    before = {
        name: client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in functions
    }
    for name, variables in before.items():
        settings = json.loads(variables["LIFEBOAT_SETTINGS"])
        for database in settings["databases"]:
            database["engine"] = "job"
        changed = {**variables, "LIFEBOAT_SETTINGS": json.dumps(settings)}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        yield
    finally:
        for name, variables in before.items():
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )


@pytest.fixture(scope="module")
def person(installation: Installation) -> Iterator[CommandLine]:
    """Somebody with the rights that docs/command-line.md gives to who operates Lifeboat."""
    yield allowed(installation, "operator", "reader")
    sweep(installation.database)


def test_backup_drill_and_restore_go_on_as_jobs(
    installation: Installation, person: CommandLine
) -> None:
    functions = ("Lifeboat-backup-app", "Lifeboat-drill-app", "Lifeboat-restore")
    with always_as_jobs(installation, *functions):
        taken = person.run("backup", "app", "--label", "as-a-job", "--json")
        assert taken.returncode == 0, taken.stderr
        backup = json.loads(taken.stdout)["backup"]
        assert "Runs as a job: " in taken.stderr
        assert "Its build: Lifeboat-backup-app-job:" in taken.stderr
        manifest = installation.manifest(backup)
        assert (manifest.engine, manifest.label) == (Engine.JOB, "as-a-job")

        drilled = person.run("drill", "app", backup)
        assert drilled.returncode == 0, drilled.stderr
        assert drilled.stdout.startswith(f"proven  {backup}  ")
        assert "Its build: Lifeboat-drill-app-job:" in drilled.stderr

        restored = person.run("restore", "app", backup, "--yes", "--target", installation.admin)
        assert restored.returncode == 0, restored.stderr
        assert "Its build: Lifeboat-restore-job:" in restored.stderr
        assert any("restored" in name for name in databases(installation.database))
    assert "(job)" in person.run("runs", "app").stdout


def test_a_job_that_fails_lets_no_migration_run(
    installation: Installation, person: CommandLine
) -> None:
    manager, arn = installation.aws.client("secretsmanager"), installation.secrets["quiet"]
    good = manager.get_secret_value(SecretId=arn)["SecretString"]
    manager.put_secret_value(SecretId=arn, SecretString=good.replace("/spec_drive", "/nowhere"))
    try:
        with always_as_jobs(installation, "Lifeboat-backup-quiet"):
            done = person.run("backup", "quiet", "--json")
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=good)
    assert done.returncode == 1
    assert "Its build: Lifeboat-backup-quiet-job:" in done.stderr
    assert "\nerror: Could not connect " in done.stderr
    assert json.loads(done.stdout)["errorType"]

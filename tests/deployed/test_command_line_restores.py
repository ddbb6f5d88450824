"""Restores as a conversation: the real command line, the real functions, real PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import psycopg
import pytest

from tests.deployed.conftest import REPOSITORY, Installation
from tests.deployed.test_lifeboat_command import allowed
from tests.support.backup_harness import Database
from tests.support.ctrl_c import heed_ctrl_c
from tests.support.restore_harness import databases, sweep


@dataclass(frozen=True)
class Shell:
    """A shell in an empty directory, with credentials for the account."""

    directory: Path
    variables: dict[str, str]

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `lifeboat` without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "lifeboat_cli", *arguments],
            cwd=self.directory,
            env=self.variables,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def type(self, *arguments: str) -> "pexpect.spawn[str]":
        """Run `lifeboat` in a terminal of 80 columns, in which somebody types."""
        return pexpect.spawn(
            sys.executable,
            ["-m", "lifeboat_cli", *arguments],
            cwd=str(self.directory),
            env={**os.environ, **self.variables, "TERM": "xterm"},
            dimensions=(50, 80),
            preexec_fn=heed_ctrl_c,
            encoding="utf-8",
            timeout=60,
        )


def ended(terminal: "pexpect.spawn[str]") -> tuple[int | None, str]:
    """Its exit code, and what it wrote to its end."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus, str(terminal.before)


@pytest.fixture
def shell(installation: Installation, tmp_path: Path) -> Shell:
    variables = installation.aws.environment()
    named = {"PYTHONPATH": str(REPOSITORY / "cli"), "LIFEBOAT_STACK": "Lifeboat"}
    return Shell(tmp_path, variables | named)


@pytest.fixture
def backup(installation: Installation) -> Iterator[str]:
    """A backup of the database; what restores leave beside it is dropped afterwards."""
    yield installation.invoke({"database": "app"}).payload["backup"]
    sweep(installation.database)


def count(database: Database, table: str = "users") -> int:
    found: int = database.value(f"SELECT count(*) FROM {table}")
    return found


def test_a_database_comes_back_by_restore_swap_and_undo_without_any_name_but_the_live_one(
    installation: Installation, shell: Shell, backup: str
) -> None:
    live = installation.database
    live.run("CREATE TABLE made_later (id int)")
    try:
        restoring = shell.type("restore", "app")
        restoring.expect(r"Restore " + backup)
        restoring.expect(r"Go on\? \[y/N\] ")
        restoring.sendline("y")
        code, said = ended(restoring)
        assert code == 0, said
        assert "proven" in said
        assert "lifeboat swap app" in said
        (copy,) = databases(live) - {live.name}

        mistyped = shell.type("swap", "app")
        mistyped.expect("Type the live database's name")
        mistyped.sendline("app")
        assert ended(mistyped)[0] == 2
        assert databases(live) == {live.name, copy}

        with psycopg.connect(live.url, application_name="web\tshop"):
            swapping = shell.type("swap", "app")
            swapping.expect(r"1 session will be disconnected")
            swapping.expect(r"web\\x09shop as ")
            swapping.expect("Type the live database's name")
            swapping.sendline(live.name)
            code, said = ended(swapping)
        assert code == 0, said
        assert "lifeboat undo app" in said
        assert live.value("SELECT to_regclass('made_later')") is None

        left = shell.run("cleanup", "app")
        assert left.returncode == 0, left.stderr
        (previous,) = databases(live) - {live.name}
        assert f"DROP DATABASE {previous} WITH (FORCE);" in left.stdout

        undone = shell.run("undo", "app", "--confirm", live.name)
        assert undone.returncode == 0, undone.stderr
        assert count(live, "made_later") == 0
    finally:
        live.run("DROP TABLE IF EXISTS made_later")


def test_one_table_comes_back_in_place_once_the_live_name_is_given(
    installation: Installation, shell: Shell, backup: str
) -> None:
    live, asks = installation.database, ("restore", "app", backup, "--table", "auth_sessions")
    before = count(live, "auth_sessions")
    live.run("DELETE FROM auth_sessions")

    full = shell.run(*asks, "--data-only", "--replace", "--yes")
    assert full.returncode == 2, full.stderr
    assert f"--confirm {live.name}" in full.stderr
    other = shell.run(*asks, "--data-only", "--replace", "--confirm", "app")
    assert other.returncode == 2
    assert count(live, "auth_sessions") == 0

    done = shell.run(*asks, "--data-only", "--replace", "--confirm", live.name)
    assert done.returncode == 0, done.stderr
    assert count(live, "auth_sessions") == before
    assert "public.auth_sessions" in done.stdout


def test_what_is_not_agreed_to_or_is_blocked_changes_nothing_and_says_so_by_its_exit_code(
    installation: Installation, shell: Shell, backup: str
) -> None:
    for stdin in ("n\n", ""):
        declined = shell.run("restore", "app", backup, stdin=stdin)
        assert declined.returncode == 2
        assert "Safe: Nothing was changed." in declined.stderr
    blocked = shell.run("restore", "app", "--target", "app", "--yes")
    assert blocked.returncode == 1
    assert "blocked: The role lifeboat only reads" in blocked.stderr
    assert "--target NAME" in blocked.stderr
    assert databases(installation.database) == {installation.database.name}


def test_what_could_only_be_counted_is_partial_and_swaps_in_only_on_purpose(
    installation: Installation, shell: Shell, backup: str
) -> None:
    done = shell.run("restore", "app", backup, "--rows-only", "--yes", "--json")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["verdict"] == "partial"
    blocked = shell.run("swap", "app", "--confirm", installation.database.name)
    assert blocked.returncode == 1
    assert "--allow-unverified" in blocked.stderr


def test_a_downloaded_backup_is_restored_by_stock_programs(
    installation: Installation,
    shell: Shell,
    backup: str,
    new_database: Callable[..., Database],
) -> None:
    folder = shell.directory / "here"
    downloader = allowed(installation, "downloader")
    done = downloader.run("download", "app", backup, "--to", str(folder))
    assert done.returncode == 0, done.stderr
    names = {each.name for each in folder.iterdir()}
    assert names == {"archive.dump", "globals.sql", "manifest.json"}
    assert f"{folder.name}/archive.dump" in done.stdout
    fresh = new_database(18)
    pg_restore = str(installation.database.server.programs / "pg_restore")
    options = ["--no-owner", "--no-privileges", f"--dbname={fresh.url}"]
    subprocess.run([pg_restore, *options, str(folder / "archive.dump")], check=True)
    assert count(fresh) == count(installation.database)

    (folder / "archive.dump").write_bytes(b"damaged")
    again = shell.run("download", "app", backup, "--to", "here")
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_neither_damage_nor_an_archived_backup_becomes_a_file(
    installation: Installation, shell: Shell, backup: str
) -> None:
    s3, bucket, key = installation.bucket.client, installation.bucket.name, f"{backup}/archive.dump"
    content = installation.bucket.read(key)
    for body, storage, said in (
        (content[:-1] + b"?", "STANDARD", "is not what the manifest says"),
        (content, "GLACIER", f"lifeboat thaw app {backup}"),
    ):
        new = s3.put_object(Bucket=bucket, Key=key, Body=body, StorageClass=storage)
        manifest = installation.manifest(backup).model_dump(mode="json")
        manifest["archive"]["objects"][0]["version_id"] = new["VersionId"]
        document = json.dumps(manifest).encode()
        s3.put_object(Bucket=bucket, Key=f"{backup}/manifest.json", Body=document)
        done = shell.run("download", "app", backup, "--to", "here")
        assert done.returncode == 1
        assert said in done.stderr
        assert not list((shell.directory / "here").iterdir())

    plan = shell.run("thaw", "app", backup, "--plan")
    assert plan.returncode == 0, plan.stderr
    assert "about $" in plan.stdout
    thawed = shell.run("thaw", "app", backup, stdin="y\n")
    assert thawed.returncode == 0, thawed.stderr
    assert "lifeboat restore app" in thawed.stdout


def test_tables_are_exported_and_the_link_is_in_no_log(
    installation: Installation, shell: Shell, backup: str
) -> None:
    done = shell.run("export", "app", backup, "--table", "users", "--link", "--yes")
    assert done.returncode == 0, done.stderr
    assert "s3://" in done.stdout
    assert "X-Amz-Signature" in done.stdout
    assert "X-Amz-Signature" not in "".join(installation.log("Lifeboat-restore"))

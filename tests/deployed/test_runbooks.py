"""The pages of docs/runbooks, done from top to bottom by somebody who types what they say.

Each block marked `run` is run by bash, in the page's order or in that of the story, against the
deployed stack; what a page shows has to be printed; none may be left out. A story goes both ways,
by the command line and by the plain commands of the fold, and runs each block in one of them. A
plain command with nothing to fill in that several folds have, word for word, is run for one.
"""

import json
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.model.manifest import Manifest
from local.postgres import PostgresServer
from tests.deployed.conftest import PASSWORD, REPOSITORY, Installation, new_parameter
from tests.support.backup_harness import Bucket, Database, eventually
from tests.support.command_stubs import Terminal
from tests.support.doc_pages import RUNBOOKS, Block, Page, filled, require_printed, runbooks
from tests.support.restore_harness import properties

SECOND = timedelta(seconds=1)
KEPT = "/lifeboat/kept"
FOLD = "Without the command line"
NO_BROWSER = ("lifeboat open app", "lifeboat open app --print")
PLAN = (', "execute": true', "")
_QUESTION = re.compile(r"\[y/N\] |to go on: ")
CHECKED = "databases are not safe, checked "
UNSAFE = 4
"""The exit code of `lifeboat status` when a database is not safe, as `quiet` never is."""

SUNDAY = {"database": "app", "scheduled": "2026-09-06T02:00:00Z"}
"""A weekly backup, which goes to Glacier."""


@dataclass
class Reader:
    """Somebody with a page before them.

    Attributes:
        page: the page.
        terminal: theirs.
        known: what they put where a placeholder stands.
        typed: what they type when a command asks for input, by a part of the command; where
            several parts fit, the first counts.
        left: the blocks that they have not run yet.
        known_to_run: plain commands that another page's reader has typed.
        said: what the last plain command answered.
    """

    page: Page
    terminal: Terminal
    known: dict[str, str]
    typed: dict[str, str] = field(default_factory=dict)
    known_to_run: set[str] = field(default_factory=set)
    left: list[Block] = field(default_factory=list)
    said: str = ""

    def __post_init__(self) -> None:
        self.left = [block for block in self.page.blocks if block.kind == ("bash", "run")]

    def step(self, section: str, *, instead: tuple[str, str] = ("", "")) -> str:
        """Type the next block of a section; what it printed, "" if it is known to run.

        Args:
            section: the heading that it stands under.
            instead: a word of the block, and what to type in its place.
        """
        block = next(each for each in self.left if each.section == section)
        self.left.remove(block)
        if section == FOLD and "<" not in block.text:
            if block.text in self.known_to_run:
                return ""
            self.known_to_run.add(block.text)
        return self.again(block, instead=instead)

    def again(self, block: Block, *, instead: tuple[str, str] = ("", "")) -> str:
        """Type a block; where the page shows what is printed, it has to be that."""
        blocks = self.page.blocks
        setup = [each.text for each in blocks[: blocks.index(block)] if each.mode == "setup"]
        both = ["exec 2>&1\n"] if block.text.startswith("lifeboat ") else []
        script = filled("".join([*both, *setup, block.text.replace(*instead)]), self.known)
        stdin = next((text for part, text in self.typed.items() if part in block.text), "")
        codes = (0, UNSAFE) if block.text.startswith("lifeboat status") else (0,)
        # What is typed ends a question's line, and only a terminal would show it.
        printed = _QUESTION.sub(r"\g<0>\n", self.terminal.run(script, stdin, codes))
        if "aws lambda invoke" in block.text:
            self.said = printed
        for follower in blocks[blocks.index(block) + 1 :][:1]:
            if follower.kind == ("text", "seen"):
                require_printed(filled(follower.text, self.known), printed)
        return printed

    def section(self, section: str, *, instead: tuple[str, str] = ("", "")) -> str:
        """Type all the rest of a section; what the last block printed."""
        printed = ""
        while any(each.section == section for each in self.left):
            printed = self.step(section, instead=instead)
        return printed

    @property
    def answer(self) -> Any:
        """What the last plain command said."""
        return json.loads(self.said)

    def know(self, **values: str) -> None:
        """What the page has taught; _ stands for a space."""
        self.known |= {name.replace("_", " "): value for name, value in values.items()}

    def finish(self) -> None:
        """Nothing on the page was left out."""
        assert [(block.line, block.text) for block in self.left] == []


@dataclass(frozen=True)
class Shop:
    """The database `app` of the settings, for one story: a copy of the installation's."""

    installation: Installation
    database: Database

    def url(self, name: str) -> str:
        return self.database.server.url(database=name)

    def count(self, table: str) -> int:
        return int(self.database.value(f"SELECT count(*) FROM {table}"))

    def back_up(self, event: Mapping[str, Any] | None = None) -> str:
        """The id of a backup of its own: what is asked by hand twice within a second is one."""
        answer = self.installation.invoke(dict(event or {"database": "app"}))
        assert not answer.failed, answer.payload
        if not answer.payload["created"] and not (event and "scheduled" in event):
            time.sleep(1)
            return self.back_up(event)
        return str(answer.payload["backup"])

    def manifest(self, backup: str) -> Manifest:
        return self.installation.manifest(backup)

    @property
    def bucket(self) -> Bucket:
        return self.installation.bucket


def names_like(server: PostgresServer, pattern: str) -> list[str]:
    with server.admin() as admin:
        query = "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1"
        return [row[0] for row in admin.execute(query, [pattern]).fetchall()]


@contextmanager
def secret_holding(installation: Installation, name: str, value: str) -> Iterator[None]:
    """Let a secret hold something else for a while."""
    manager = installation.aws.client("secretsmanager")
    before = manager.get_secret_value(SecretId=name)["SecretString"]
    manager.put_secret_value(SecretId=name, SecretString=value)
    try:
        yield
    finally:
        manager.put_secret_value(SecretId=name, SecretString=before)


def its_own_settings(shop: Shop) -> Any:
    """Let the database have settings, grants and a comment of its own; what they were."""
    shop.database.run(
        "ALTER DATABASE shop SET search_path = public, 'odd; name'",
        "ALTER DATABASE shop SET app.settings.key = 'it''s'",
        "ALTER ROLE lifeboat IN DATABASE shop SET work_mem = '7MB'",
        "REVOKE CONNECT ON DATABASE shop FROM PUBLIC",
        "GRANT CONNECT ON DATABASE shop TO lifeboat",
        "COMMENT ON DATABASE shop IS 'ours'",
    )
    return properties(shop.database)


@pytest.fixture
def shop(installation: Installation) -> Iterator[Shop]:
    server = installation.database.server
    database = Database.create(server, "shop", f"TEMPLATE {installation.database.name}")
    url = server.url(database="shop", user="lifeboat", password=PASSWORD)
    try:
        with secret_holding(installation, "app", url):
            yield Shop(installation, database)
    finally:
        for name in names_like(server, "shop%"):
            Database(server, name).drop()


@pytest.fixture(scope="module")
def known_to_run() -> set[str]:
    return set()


@pytest.fixture
def read(cli: Terminal, shop: Shop, known_to_run: set[str]) -> Callable[[str], Reader]:
    """Opens a page."""
    known = {
        "live database": "shop",
        "bucket": shop.bucket.name,
        "URL of the live database": shop.url("shop"),
        "URL of postgres": shop.url("postgres"),
        "URL of the new database": shop.url("restored"),
        "secret": shop.installation.secrets["app"],
    }
    typed = {
        **dict.fromkeys(("--replace", "lifeboat swap", "lifeboat undo"), "shop\n"),
        **dict.fromkeys(("lifeboat restore", "lifeboat export", "lifeboat thaw"), "y\n"),
    }
    return lambda name: Reader(
        Page.read(RUNBOOKS / f"{name}.md"), cli, dict(known), dict(typed), known_to_run
    )


def moment_after(shop: Shop, backup: str) -> str:
    """A whole second that is over, after what a backup shows; later backups show later ones."""
    moment = shop.manifest(backup).source.snapshot_time.replace(microsecond=0) + SECOND
    eventually(lambda: datetime.now(UTC) > moment)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_what_pages_begin_with_brings_the_command_line(
    installation: Installation, cli: Terminal
) -> None:
    subprocess.run(
        [sys.executable, "-m", "infra.put_command_line", "-c", "lifeboat={}"],
        cwd=REPOSITORY,
        env=installation.aws.environment(),
        capture_output=True,
        check=True,
    )
    (pasted,) = {each.text for page in runbooks() for each in page.blocks if each.mode == "get"}
    cloudshell = {"HOME": str(cli.directory), "PYTHONPATH": sysconfig.get_path("purelib")}
    cli.variables.update(cloudshell)  # its Python has boto3
    del cli.variables["LIFEBOAT_STACK"]
    script = f"{pasted}type lifeboat\nlifeboat status"
    done = cli.ended("bash", "-O", "expand_aliases", "-euc", script)
    assert "lifeboat is aliased to" in done.stdout, done.stderr
    assert CHECKED in done.stdout, done.stderr
    assert done.returncode == UNSAFE


def short(backup: str) -> str:
    """A backup's id as people type it, without the database."""
    return backup.replace("/app/", "/")


def test_data_corruption(shop: Shop, read: Callable[[str], Reader]) -> None:
    good, users, sessions = shop.back_up(), shop.count("users"), shop.count("auth_sessions")
    page = read("data-corruption")
    page.know(backup=short(good), backup_id=good, moment=moment_after(shop, good))
    shop.database.run("UPDATE users SET name = 'oops'", "DELETE FROM auth_sessions")

    page.section("Stop the damage")
    assert short(good) in page.section("Find the last good backup")
    page.section("Restore it beside the live database")
    (copy,) = names_like(shop.database.server, "shop_restored%")
    page.know(URL_of_the_restored_database=shop.url(copy))
    assert page.section("Check before you swap").strip() == str(users)
    assert shop.count("auth_sessions") == 0
    page.section("Swap it in")
    assert shop.count("auth_sessions") == sessions
    assert shop.database.value("SELECT count(*) FROM users WHERE name = 'oops'") == 0
    page.section("Go back")
    assert shop.count("auth_sessions") == 0

    page.step(FOLD)
    page.step(FOLD)
    assert page.answer["backups"][0]["backup"] == good
    page.step(FOLD)
    assert page.answer["verdict"] == "proven"
    page.know(restored_database=page.answer["restored_database"])
    page.again(page.left[-2], instead=PLAN)
    assert page.answer["next_event"]["confirm"] == "shop"
    page.step(FOLD)
    assert shop.count("auth_sessions") == sessions
    aside = page.answer["previous_database"]
    page.step(FOLD)
    assert aside in {each["name"] for each in page.answer["databases"]}

    page.know(previous_database=aside)
    page.section("Days later")
    assert aside not in names_like(shop.database.server, "shop%")
    page.finish()


def test_full_loss(shop: Shop, read: Callable[[str], Reader]) -> None:
    users, good = shop.count("users"), shop.back_up()
    page = read("full-loss")
    before = its_own_settings(shop)
    page.know(backup_id=shop.back_up())
    shop.database.drop()

    page.typed["put-secret-value"] = shop.url("postgres")
    assert "VersionId" in page.section("Prepare a server")
    restoring = "Restore the newest backup"
    assert short(good) in page.step(restoring)
    assert page.section(restoring).strip() == str(users)
    assert properties(shop.database)["settings"] == before["settings"]
    page.section("Connect everything again")

    shop.database.drop()
    page.step(FOLD)
    page.step(FOLD)
    page.know(restored_database=page.answer["restored_database"])
    page.step(FOLD)
    assert page.answer["previous_database"] is None
    assert shop.count("users") == users
    page.section(FOLD)
    page.finish()


def test_partial_restore(shop: Shop, read: Callable[[str], Reader]) -> None:
    good, sessions = shop.back_up(), shop.count("auth_sessions")
    page = read("partial-restore")
    page.know(backup=short(good), backup_id=good, moment=moment_after(shop, good))
    shop.database.run(
        "DELETE FROM auth_sessions WHERE user_id % 2 = 0",
        "INSERT INTO auth_sessions (id, user_id, token_hash, created_at, expires_at)"
        " VALUES (gen_random_uuid(), 1, '', now(), now())",
    )
    page.section("Choose")
    page.section("Beside the live database")
    (copy,) = names_like(shop.database.server, "shop_tables%")
    page.know(restored_database=copy, URL_of_the_restored_database=shop.url(copy))
    page.section("Copy rows from the restored database")
    assert shop.count("auth_sessions") == sessions + 1
    page.section("Into the live table")
    assert shop.count("auth_sessions") == sessions

    exporting = "As a file, to read or for another tool"
    (file,) = re.findall(r"^s3://\S+", page.step(exporting), re.MULTILINE)
    page.know(file=file)
    lines = page.section(exporting).splitlines()
    assert lines[0].startswith("COPY public.auth_sessions (id, user_id, ")
    assert len(lines) == 4

    shop.database.run("DELETE FROM auth_sessions")
    tables_by_the_fold(shop, page, sessions)

    stock = "With standard PostgreSQL tools"
    for _ in range(4):
        page.step(stock)
    with shop.database.server.admin("restored") as copied:
        assert copied.execute("SELECT count(*) FROM auth_sessions").fetchall() == [(sessions,)]
    page.section(stock)
    assert names_like(shop.database.server, "restored") == []
    page.finish()


def tables_by_the_fold(shop: Shop, page: Reader, sessions: int) -> None:
    """Restore a table by the plain commands, beside the live one and into it."""
    page.step(FOLD)
    page.step(FOLD)
    assert page.answer["backups"][0]["backup"] == page.known["backup id"]
    page.step(FOLD)
    found = {each["table"]: each["rows"] for each in page.answer["tables"]}
    assert found["public.auth_sessions"] == sessions
    page.step(FOLD)
    assert page.answer["verdict"] == "proven"
    page.again(page.left[0], instead=PLAN)
    assert page.answer["next_event"]["confirm"] == "shop"
    page.step(FOLD)
    assert shop.count("auth_sessions") == sessions
    page.section(FOLD)
    assert page.answer["file"].startswith("s3://")


def freeze(shop: Shop) -> str:
    """A weekly backup as the bucket's lifecycle leaves it; there its version stays the same."""
    manifest = shop.manifest(shop.back_up(SUNDAY))
    stored, bucket = manifest.archive.objects[0], shop.bucket
    cold = bucket.client.put_object(
        Bucket=bucket.name, Key=stored.key, Body=bucket.read(stored.key), StorageClass="GLACIER"
    )
    objects = (stored.model_copy(update={"version_id": cold["VersionId"]}),)
    shown = manifest.scheduled_at + SECOND
    changed = manifest.model_copy(
        update={
            "archive": manifest.archive.model_copy(update={"objects": objects}),
            "source": manifest.source.model_copy(update={"snapshot_time": shown}),
        }
    )
    bucket.client.put_object(Bucket=bucket.name, Key=manifest.key, Body=changed.to_json())
    return manifest.location.id


def test_archived_backup(shop: Shop, read: Callable[[str], Reader]) -> None:
    page, cold = read("archived-backup"), freeze(shop)
    page.know(backup=short(cold), backup_id=cold)
    assert short(cold) in page.step("Thaw it")
    page.step("Thaw it")

    def thawed() -> bool:
        head = shop.bucket.client.head_object(Bucket=shop.bucket.name, Key=f"{cold}/archive.dump")
        return 'ongoing-request="false"' in head.get("Restore", "")

    eventually(thawed)
    page.section("Thaw it")
    page.section(FOLD)
    listing = page.terminal.run("pg_restore --list archive.dump")
    assert "auth_sessions" in listing
    page.finish()


def test_lifeboat_is_gone(shop: Shop, read: Callable[[str], Reader]) -> None:
    day = {"database": "app", "scheduled": "2026-09-07T02:00:00Z"}
    users = shop.count("users")
    page = read("lifeboat-is-gone")
    before = its_own_settings(shop)
    slug = "FUNCTION public.slug(text)"
    shop.database.run(f"CREATE {slug} RETURNS text LANGUAGE sql AS 'SELECT lower($1)'")
    page.know(backup_id=shop.back_up(day), previous_database="shop_old")
    page.know(schemas="public", function="public.slug(text)")

    finding = "Find the backups"
    assert shop.bucket.name in page.step(finding)
    assert f"{page.known['backup id']}/manifest.json" in page.step(finding)
    page.step(finding)
    assert page.step(finding).split()[0] == page.step(finding).strip()
    bringing = "Restore the backup"
    assert page.step(bringing).startswith("pg_restore (PostgreSQL) 18.")
    assert "Dumped from database version: 18." in page.step(bringing)
    page.section(bringing)
    page.section("If it says pg_attver")
    page.section("If a function misses its search path")
    assert f"public users {users}" in page.step("Check that it is complete").splitlines()
    assert page.step("Check that it is complete").strip() == str(users)
    page.section("Replace the live database")
    assert properties(shop.database) == before
    assert shop.count("users") == users
    assert names_like(shop.database.server, "shop%") == ["shop", "shop_old"]

    key = f"{page.known['backup id']}/archive.dump"
    shop.bucket.client.delete_object(Bucket=shop.bucket.name, Key=key)
    assert key not in shop.bucket.holds()
    ((deleted, version),) = json.loads(page.step("What was deleted"))
    assert deleted == key
    page.know(version=version)
    page.section("What was deleted")
    assert key in shop.bucket.holds()
    page.finish()


def test_rotate_secret(shop: Shop, read: Callable[[str], Reader]) -> None:
    page = read("rotate-secret")
    changing = "Change it on the server"
    new = page.step(changing).strip()
    page.typed["password"] = f"{new}\n{new}\n"
    page.typed["put-secret-value"] = shop.database.server.url("shop", "lifeboat", new)
    page.typed["put-parameter"] = page.typed["put-secret-value"]
    page.know(parameter=KEPT)
    arn = new_parameter(shop.installation.aws, KEPT, "the old one")
    try:
        page.section(changing)
        refused = shop.installation.invoke({"database": "app"})
        assert "password authentication failed" in refused.payload["errorMessage"]
        page.section("Give it to Lifeboat")
        page.section(FOLD)
        kept = shop.installation.aws.client("ssm").get_parameter(Name=arn, WithDecryption=True)
        assert kept["Parameter"]["Value"] == page.typed["put-parameter"]
        assert kept["Parameter"]["Type"] == "SecureString"
    finally:
        literal = PASSWORD.replace("'", "''")
        shop.database.run(f"ALTER ROLE lifeboat PASSWORD '{literal}'")
    page.finish()


def test_delete_a_backup(shop: Shop, read: Callable[[str], Reader]) -> None:
    page, deleting = read("delete-a-backup"), "Delete it"
    backup = shop.back_up({"database": "app", "label": "to-be-erased"})
    other = shop.back_up()
    page.know(backup_id=backup)
    (listing,) = (each for each in page.left if '"action": "list"' in each.text)
    shown = page.step(deleting)
    assert shown.index(short(other)) < shown.index(short(backup))
    versions = {key: version for key, version, _ in json.loads(page.step(deleting))}
    names = ("manifest.json", "archive.dump", "globals.sql")
    assert versions.keys() == {f"{backup}/{name}" for name in names}
    assert '"Mode": "GOVERNANCE"' in page.step(deleting)
    for name in names:
        page.know(version=versions[f"{backup}/{name}"])
        with pytest.raises(AssertionError, match="AccessDenied"):
            page.again(page.left[0], instead=("--bypass-governance-retention", ""))
        page.step(deleting)
        assert backup not in page.again(listing)
    assert json.loads(page.step(deleting)) in (None, [])
    said = page.section(deleting)
    assert CHECKED in said
    assert backup not in said
    page.section(FOLD)
    assert shop.manifest(other).location.id == other
    page.finish()


def test_onboarding(shop: Shop, read: Callable[[str], Reader]) -> None:
    page = read("onboarding")
    page.typed["create-secret"] = shop.url("postgres")
    arn = page.step("A role that may restore", instead=("lifeboat/admin", "lifeboat/another"))
    assert arn.startswith("arn:aws:secretsmanager:")
    said = {block.section: page.step(block.section) for block in list(page.left)}
    page.finish()
    assert "cron(0 2 * * ? *)" in said["Set up the backup and its schedule"]
    for name in ("archive.dump", "globals.sql", "manifest.json"):
        assert name in said["Configure the bucket"]
    assert '"Prefix": "daily/"' in said["Set up retention"]
    assert CHECKED in said["Monitor the status"]
    assert "ENABLED" in said["Schedule recovery tests"]
    assert "AES256" in said["Document the encryption"]


def test_drills(
    shop: Shop, read: Callable[[str], Reader], tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = read("drills")
    backup = shop.back_up()
    page.know(backup=short(backup), backup_id=backup)
    assert "ENABLED" in page.step("By schedule")
    assert CHECKED in page.section("By schedule")
    page.section("On demand", instead=NO_BROWSER)

    page.typed["create-secret"] = shop.url("postgres")
    testing, theirs = "Into a separate test database", ("lifeboat/test", "lifeboat/admin")
    page.step(testing, instead=("lifeboat/test", "lifeboat/another-test"))
    with (
        PostgresServer.start(major=18, root=tmp_path_factory.mktemp("test-server")) as server,
        secret_holding(shop.installation, shop.installation.admin, server.url()),
    ):
        page.step(testing, instead=theirs)
        page.section(FOLD, instead=theirs)
        assert names_like(server, "lifeboat_drill%") == []
    pages = list((page.terminal.directory / "drills").glob("*.html"))
    assert any("proven" in each.read_text().lower() for each in pages)
    page.finish()


def test_alarms(shop: Shop, read: Callable[[str], Reader]) -> None:
    page = read("alarms")
    page.section("Back up now")
    page.section("Drill now")
    page.section("Run a check")
    assert ".html" in page.section(FOLD)
    assert "backup.finished" in page.section("The log")
    assert '"State": "ENABLED"' in page.section("The schedule")
    assert ".html" in page.section("The report", instead=NO_BROWSER)
    page.finish()
    assert shop.count("users") > 0

"""Everything is looked at before a question is asked, and nothing is made before the answer."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from lifeboat_cli.exit_codes import ExitCode
from local.aws import LocalAws
from tests.setup.conftest import MARK, Command, Person, Provider

BEGUN = 'stack_name = "Tried"'


def require_nothing_made(account: LocalAws, settings: Path, name: str) -> None:
    secrets = account.client("secretsmanager").list_secrets()["SecretList"]
    assert not [each["Name"] for each in secrets if name in each["Name"]]
    assert name not in settings.read_text()


def test_who_declines_has_nothing_made(
    modern: Provider, account: LocalAws, settings: Path, person: Person
) -> None:
    url = modern.create("declined")
    person.environment |= {"LIFEBOAT_ADMIN_URL": url}
    person.types_command("setup", "--settings", str(settings), "--name", "declined")
    person.answers("Email for alerts", "")
    person.reads("nobody yet: alerts.emails is empty")
    person.answers("Make and deploy all of that? [y/N]", "")
    person.reads("Nothing was made, stored or deployed.")
    assert person.ends() == ExitCode.USAGE
    require_nothing_made(account, settings, "declined")
    assert "lifeboat_declined" not in modern.roles()


def test_twelve_databases_of_a_file_are_one_plan_and_one_question(
    modern: Provider,
    account: LocalAws,
    settings: Path,
    tmp_path: Path,
    lifeboat: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"tenant-{number}" for number in range(12)]
    file = tmp_path / "urls.env"
    file.write_text("".join(f"{each}={modern.create(each)}\n" for each in names))
    file.chmod(0o644)
    command = (
        "setup",
        "--settings",
        str(settings),
        "--from",
        str(file),
        "--email",
        "a@example.com",
    )
    said = lifeboat(*command)
    assert said.code == ExitCode.FAILED
    assert f"Next: chmod 600 {file}" in said.err

    file.chmod(0o600)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = lifeboat(*command)
    assert said.code == ExitCode.USAGE, said.all
    assert f"delete {file}: it has passwords" in said.err
    for each in names:
        assert f"new role lifeboat_{each.replace('-', '_')}; new secret Tried/{each}" in said.plan
    assert "222 resources" in said.plan
    assert "Secrets Manager, 24 secrets $9.60" in said.plan
    assert said.err.count("[y/N]") == 1
    lines = said.out.replace(str(settings), "lifeboat.toml").partition("Plan:")[2].splitlines()
    assert max(map(len, lines)) <= 80
    assert MARK not in said.all
    require_nothing_made(account, settings, "tenant")


@pytest.mark.parametrize(
    ("change", "what", "next_step"),
    [
        (
            lambda url: url.replace("role", "").replace(MARK, "wrong"),
            "password auth",
            "percent-enc",
        ),
        (
            lambda url: url.replace("127.0.0.1", "ep-a-1-pooler.eu.aws.neon.tech"),
            "ep-a-1.eu",
            "DNS",
        ),
        (lambda url: url.replace("wrong_url", "no_such"), "does not exist", "Correct the database"),
        (lambda url: f"psql '{url}'", "neither a postgresql:// URL", "only the URL between"),
    ],
)
def test_a_wrong_url_is_told_at_once_and_never_quoted(
    modern: Provider,
    settings: Path,
    lifeboat: Command,
    change: Callable[[str], str],
    what: str,
    next_step: str,
) -> None:
    url = modern.server.url(database="wrong_url", user=modern.owner, password=f"{MARK}:/@")
    if "no_such" in change(url):
        url = modern.create("wrong_url")
    said = lifeboat(
        "setup", "--settings", str(settings), "--name", "x", "--non-interactive",
        LIFEBOAT_ADMIN_URL=change(url),
    )  # fmt: skip
    assert said.code == ExitCode.FAILED
    assert what in said.err
    assert next_step in said.err
    assert "Safe: Nothing was made, stored or deployed." in said.err
    assert MARK not in said.all


SECURED = (
    "CREATE TABLE secured (id int)",
    "ALTER TABLE secured ENABLE ROW LEVEL SECURITY",
)


@pytest.mark.parametrize("which", ["modern", "old"])
def test_row_level_security_that_the_owner_can_not_lift_is_told_with_the_sql(
    which: str,
    request: pytest.FixtureRequest,
    account: LocalAws,
    settings: Path,
    lifeboat: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where: Provider = request.getfixturevalue(which)
    url = where.create("secured", *SECURED)
    command = ("setup", "--settings", str(settings), "--name", "secured")
    said = lifeboat(*command, "--non-interactive", LIFEBOAT_ADMIN_URL=url)
    assert said.code == ExitCode.FAILED
    assert "doesn't let this role make lifeboat_secured" in said.err
    assert "NOCREATEROLE BYPASSRLS CONNECTION LIMIT 10 PASSWORD 'choose-one';" in said.out
    assert "--no-create-role" in said.err
    assert "lifeboat_secured" not in where.roles()

    made = (
        "CREATE ROLE lifeboat_secured LOGIN NOSUPERUSER BYPASSRLS PASSWORD 'by-hand'",
        "GRANT pg_read_all_data TO lifeboat_secured",
        "ALTER ROLE lifeboat_secured SET default_transaction_read_only = on",
    )
    with where.server.admin("secured") as connection:
        for statement in made:
            connection.execute(statement)
    reading = where.server.url(database="secured", user="lifeboat_secured", password="by-hand")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = lifeboat(
        *command, "--no-create-role", "--email", "a@example.com", LIFEBOAT_READING_URL=reading
    )
    assert said.code == ExitCode.USAGE, said.all
    assert "row level security on 1" in said.plan
    assert "no role for restores" in said.plan
    require_nothing_made(account, settings, "secured")


def test_without_somebody_to_ask_what_is_missing_is_named(
    settings: Path, lifeboat: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIFEBOAT_ADMIN_URL", raising=False)
    said = lifeboat("setup", "--settings", str(settings), "--non-interactive")
    assert said.code == ExitCode.FAILED
    assert "Next: Set $LIFEBOAT_ADMIN_URL" in said.err

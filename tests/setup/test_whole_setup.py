"""One command, from nothing to a proven backup: typed at a terminal, interrupted, and resumed."""

import json
import tomllib
from pathlib import Path

from lifeboat_cli.exit_codes import ExitCode
from local.aws import LocalAws
from tests.setup.conftest import MARK, PASSWORD, REPOSITORY, Command, Onlooker, Person, Provider

ROWS = (
    "CREATE TABLE orders AS SELECT i AS id, repeat('x', i % 50) AS t FROM generate_series(1, 9) i"
)


def test_setup_goes_from_a_url_to_a_proven_backup_also_after_an_interruption(
    modern: Provider,
    account: LocalAws,
    settings: Path,
    person: Person,
    lifeboat: Command,
    onlooker: Onlooker,
) -> None:
    url = modern.create("shop_live", ROWS)
    person.types_command("setup", "--settings", str(settings))
    person.answers("Administrator's URL", url)
    person.answers("Name of the database in Lifeboat [shop-live]", "shop")
    person.answers("Email for alerts", "ops@example.com")
    person.reads("SQL that will be run:", "CREATE ROLE lifeboat_shop LOGIN", "Plan:")
    person.reads("account", account.account, account.region, "stack Tried")
    person.reads("46 resources", "a month", "ops@example.com")
    assert not modern.roles() & {"lifeboat_shop", "lifeboat_shop_restore"}
    person.answers("Make and deploy all of that? [y/N]", "y")
    person.reads("✓ " + str(settings) + " written", "The check before")
    person.interrupts()
    assert person.ends() == ExitCode.INTERRUPTED
    assert "Made so far:" in person.seen
    for made in ("secret Tried/shop", "role lifeboat_shop", f"settings in {settings}"):
        assert made in person.seen
    assert "Go on: lifeboat setup" in person.seen
    assert "DROP ROLE lifeboat_shop;" in person.seen

    resumed = Person(person.environment)
    resumed.types_command("setup", "--settings", str(settings))
    resumed.reads("has shop: going on with that")
    resumed.answers("Make and deploy all of that? [y/N]", "y")
    resumed.reads("✓ the deployment", "✓ backup manual/shop/", "✓ drill of", "shop: proven")
    resumed.reads("ops@example.com has to confirm an email from AWS")
    resumed.reads(f"From now on: lifeboat status --stack Tried --region {account.region}")
    assert resumed.ends() == ExitCode.DONE

    _require_installed(account, settings)
    passwords = _passwords(account)
    log = (REPOSITORY / "build" / "deploy-Tried.log").read_text()
    shown = {
        "terminal": person.seen + resumed.seen,
        "deployment's log": log,
        "arguments of programs": "\n".join(onlooker.seen),
        "settings": settings.read_text(),
        "server's log": modern.server._supervised.log_tail(),
    }
    assert "lifeboat_shop" in shown["server's log"], "the log has no statements"
    assert "cdk" in shown["arguments of programs"], "the onlooker saw nothing"
    for where, text in shown.items():
        for secret in (*passwords, MARK, PASSWORD):
            assert secret not in text, where
    _doctor_finds_what_is_wrong(modern, account, settings, lifeboat)


def _require_installed(account: LocalAws, settings: Path) -> None:
    found = tomllib.loads(settings.read_text())
    assert settings.read_text().startswith("# mine\n")
    assert [each["name"] for each in found["databases"]] == ["shop"]
    assert len(found["restore"]["target_secret_arns"]) == 1
    functions = account.client("lambda").list_functions()["Functions"]
    names = {
        each["FunctionName"] for each in functions if each["FunctionName"].startswith("Tried-")
    }
    assert names == {"Tried-monitor", "Tried-restore", "Tried-backup-shop", "Tried-drill-shop"}


def _passwords(account: LocalAws) -> list[str]:
    client = account.client("secretsmanager")
    urls = [
        client.get_secret_value(SecretId=name)["SecretString"]
        for name in ("Tried/shop", "Tried/shop-restore")
    ]
    return [url.split("@")[0].rpartition(":")[2] for url in urls]


def _doctor_finds_what_is_wrong(
    modern: Provider, account: LocalAws, settings: Path, lifeboat: Command
) -> None:
    """In the one installation that a test here has."""
    said = lifeboat("doctor", "--settings", str(settings), "--json")
    found = {each["check"]: each for each in json.loads(said.out)["checks"]}
    good = ("credentials", "settings", "database shop, role", "functions", "jobs", "schedules")
    assert all(found[name]["ok"] for name in (*good, "restores by Tried/shop-restore")), said.all
    assert "ops@example.com has not confirmed" in found["notifications"]["found"]
    assert "sns subscribe" in found["notifications"]["next"]
    assert found["status of the bucket"]["next"].startswith("lifeboat status --stack Tried ")
    assert said.code == ExitCode.NOT_SAFE

    scheduler = account.client("scheduler")
    kept = scheduler.get_schedule(Name="Tried-backup-shop")
    wanted = {
        key: kept[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    }
    scheduler.update_schedule(**wanted, State="DISABLED")
    settings.write_text(settings.read_text() + "[drill]\nrto_minutes = 30\n")
    with modern.server.admin() as connection:
        connection.execute("ALTER ROLE lifeboat_shop PASSWORD 'another'")
    said = lifeboat("doctor", "--settings", str(settings))
    assert said.code == ExitCode.NOT_SAFE
    assert "FIX  schedules: Tried-backup-shop is DISABLED" in said.out
    assert "Tried-drill-shop has another part of the settings" in said.out
    assert "Tried-drill-shop-job has another part of the settings" in said.out
    assert "FIX  database shop: The database shop: Could not connect" in said.out
    assert "OK   credentials" in said.out

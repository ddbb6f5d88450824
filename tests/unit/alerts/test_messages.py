import json

import pytest

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.messages import (
    MAX_SLACK,
    Kind,
    Message,
    alert_message,
    slack_text,
    webhook_payload,
)
from lifeboat.model.commands import Commands
from tests.support.vaults import HOUR, INSTALLATION, NOW, UNKNOWN, healthy

SEE_ALL = INSTALLATION.commands.status()
WHERE = " (123456789012 us-east-1)"
FINDING = Finding(
    code=Code.BACKUP_TOO_OLD,
    level=Level.CRITICAL,
    database="app",
    headline="has no backup for 44 h",
    fact="The newest is daily/app/2026-11-23T160000Z.",
    limit="25 h (monitor.max_age_hours)",
    since=NOW - 44 * HOUR,
    safe="The backups before it.",
    advice=("Take one: aws lambda invoke <...>", "Read the log & think."),
)


def message(**changed: object) -> Message:
    finding = Finding(**{**FINDING.__dict__, **changed})
    return alert_message([finding], kind=Kind.NEW, now=NOW, installation=INSTALLATION)


def test_a_message_says_what_since_when_what_is_safe_and_what_to_do() -> None:
    assert message().subject == "Lifeboat: app has no backup for 44 h (123456789012 us-east-1)"
    assert message().body == (
        "CRITICAL: app has no backup for 44 h.\n"
        "\n"
        "What: The newest is daily/app/2026-11-23T160000Z.\n"
        "Since: 2026-11-23 16:00 UTC (44 h ago)\n"
        "Limit: 25 h (monitor.max_age_hours)\n"
        "Safe: The backups before it.\n"
        "\n"
        "What to do:\n"
        "  1. Take one: aws lambda invoke <...>\n"
        "  2. Read the log & think.\n"
        "  3. Read more in the runbook: docs/runbooks/alarms.md, section backup-too-old.\n"
        f"  4. Show the whole status: {SEE_ALL}\n"
        "\n"
        "Account 123456789012, region us-east-1, stack Lifeboat.\n"
    )


def test_what_begins_later_is_no_negative_time_ago() -> None:
    body = message(since=NOW + 5 * HOUR).body
    assert "From: 2026-11-25 17:00 UTC (in 5 h)" in body
    assert "Since:" not in body


def test_what_is_not_known_is_left_out() -> None:
    body = message(since=None, limit="").body
    assert "Since:" not in body
    assert "Limit:" not in body


def test_attributes_are_for_filters_and_never_empty() -> None:
    assert message().attributes == {
        "kind": "new",
        "level": "critical",
        "code": "backup-too-old",
        "database": "app",
    }
    assert message(database=None).attributes["database"] == "-"


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("lost rows of public.größe", "Lifeboat: app lost rows of public.gr??e"),
        ("is\nodd\t\x07", "Lifeboat: app is\\nodd\\t\\x07"),
        ("x" * 200, "Lifeboat: app " + "x" * 57 + "..."),
        ("x" * 60, "Lifeboat: app " + "x" * 60),
    ],
)
def test_a_subject_is_one_short_line_of_ascii(headline: str, subject: str) -> None:
    assert message(headline=headline).subject == subject + WHERE
    assert len(subject + WHERE) < 100


def test_a_vault_as_a_whole_is_called_so() -> None:
    told = message(database=None, headline="is odd")
    assert told.subject == "Lifeboat: the bucket is odd" + WHERE
    assert told.databases == ()


def test_slack_gets_amazon_qs_custom_notification() -> None:
    text = json.loads(slack_text(message()))
    assert (text["version"], text["source"]) == ("1.0", "custom")
    content = text["content"]
    assert content["textType"] == "client-markdown"
    assert content["title"] == "Lifeboat: app has no backup for 44 h" + WHERE
    assert content["description"].startswith("CRITICAL: app has no backup")
    assert content["nextSteps"] == [
        "Take one: aws lambda invoke &lt;...&gt;",
        "Read the log &amp; think.",
        "Read more in the runbook: docs/runbooks/alarms.md, section backup-too-old.",
        f"Show the whole status: {SEE_ALL}",
    ]
    assert content["keywords"] == ["critical", "app", "backup-too-old"]
    assert text["metadata"]["threadId"] == "lifeboat:Lifeboat:backup-too-old"


def test_slack_gets_no_more_than_it_shows() -> None:
    content = json.loads(slack_text(message(fact="y" * 5000)))["content"]
    assert len(content["description"]) == MAX_SLACK
    assert content["description"].endswith("...")


def test_a_webhook_gets_everything_as_plain_json() -> None:
    payload = webhook_payload(message())
    assert json.loads(json.dumps(payload)) == payload
    assert payload["version"] == 2
    assert payload["subject"] == message().subject
    assert payload["body"] == message().body
    assert (payload["kind"], payload["level"], payload["code"]) == (
        "new",
        "critical",
        "backup-too-old",
    )
    assert payload["databases"] == ["app"]
    assert (payload["account"], payload["region"]) == ("123456789012", "us-east-1")
    assert payload["stack"] == "Lifeboat"


def test_commands_are_safe_to_paste_whatever_the_names() -> None:
    commands = Commands(vault="v", stack="My Boat; rm -rf /", region="eu-central-1")
    assert "'My Boat; rm -rf /-backup-app'" in commands.back_up("app")
    assert commands.versions("daily/a b").endswith("--prefix 'daily/a b'")
    assert commands.status().startswith(
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --region eu-central-1"
        " --function-name 'My Boat; rm -rf /-monitor' "
    )
    assert """--payload '{"database": "app", "backup": "latest"}'""" in commands.drill("app")


def test_every_finding_of_a_broken_vault_has_words_for_a_tired_person() -> None:
    vault = healthy()
    vault.objects = UNKNOWN
    vault.bucket = type(vault.bucket)(
        lifecycle=(), versioning=False, object_lock=False, encryption=None, public_access=UNKNOWN
    )
    vault.unmanaged_prefixes = ("daily/old/",)
    for finding in vault.findings():
        assert finding.fact.endswith(".")
        assert finding.safe.endswith(".")
        assert finding.advice
        assert finding.headline.isascii()
        told = alert_message([finding], kind=Kind.NEW, now=NOW, installation=INSTALLATION)
        assert f"{finding.database or 'the bucket'} {finding.headline}{WHERE}" in told.subject


def test_a_long_subject_still_says_how_many_more_there_are() -> None:
    finding = Finding(**{**FINDING.__dict__, "headline": "x" * 200})
    subject = alert_message(
        [finding] * 4, kind=Kind.NEW, now=NOW, installation=INSTALLATION
    ).subject
    assert len(subject) == 99
    assert subject.endswith("xxx... (and 3 more)" + WHERE)


def several(*databases: str, **changed: object) -> Message:
    findings = [
        Finding(
            **{
                **FINDING.__dict__,
                "database": name,
                "fact": f"The newest is daily/{name}/2026-11-23T160000Z.",
                "advice": (f"Take one: do-it --for {name}", "Read the log & think."),
                **changed,
            }
        )
        for name in databases
    ]
    return alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)


def test_what_is_alike_in_several_databases_is_said_once() -> None:
    told = several("app", "billing", "crm", "docs", "shop")
    assert told.subject == (
        "Lifeboat: 5 databases have no backup for 44 h: app, billing, crm, docs,..." + WHERE
    )
    assert told.body == (
        "CRITICAL: 5 databases have no backup for 44 h: app, billing, crm, docs, shop.\n"
        "\n"
        "app: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "billing: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "crm: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "docs: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "shop: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "\n"
        "What: The newest is daily/<database>/2026-11-23T160000Z.\n"
        "Limit: 25 h (monitor.max_age_hours)\n"
        "Safe: The backups before it.\n"
        "\n"
        "What to do:\n"
        "  1. Take one:\n"
        "     app: do-it --for app\n"
        "     billing: do-it --for billing\n"
        "     crm: do-it --for crm\n"
        "     2 more in the same way; the status has their commands.\n"
        "  2. Read the log & think.\n"
        "  3. Read more in the runbook: docs/runbooks/alarms.md, section backup-too-old.\n"
        f"  4. Show the whole status: {SEE_ALL}\n"
        "\n"
        "Account 123456789012, region us-east-1, stack Lifeboat.\n"
    )


def test_what_differs_between_databases_stands_beside_each() -> None:
    findings = [
        Finding(
            **{
                **FINDING.__dict__,
                "database": name,
                "headline": f"has no backup for {hours} h",
                "fact": f"Host {hours} refused.",
            }
        )
        for name, hours in (("app", 44), ("shop", 9))
    ]
    told = alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)
    assert "2 databases have no backup for 9 to 44 h: app, shop" in told.subject
    lines = told.body.splitlines()
    assert (
        "app: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago). Host 44 refused."
        in lines
    )
    assert (
        "shop: has no backup for 9 h, since 2026-11-23 16:00 UTC (44 h ago). Host 9 refused."
        in lines
    )
    assert "What:" not in told.body


def test_what_is_safe_is_said_once_whichever_backup_it_names() -> None:
    findings = [
        Finding(
            **{
                **FINDING.__dict__,
                "database": name,
                "safe": f"daily/{name}/2026-11-23T0{hour}0000Z is in the bucket.",
            }
        )
        for name, hour in (("app", 1), ("shop", 2))
    ]
    told = alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)
    assert told.body.count("Safe:") == 1
    assert "\nSafe: <backup> is in the bucket.\n" in told.body


def test_databases_with_quite_different_headlines_are_reported_by_the_kind() -> None:
    findings = [
        Finding(**{**FINDING.__dict__, "database": name, "headline": headline})
        for name, headline in (("app", "lost rows of a"), ("shop", "lost rows of b and 2 more"))
    ]
    told = alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)
    assert "2 databases have findings of one kind, backup too old: app, shop" in told.subject


def test_a_filter_on_one_database_hears_of_it_among_several() -> None:
    told = several("app", "billing")
    assert told.databases == ("app", "billing")
    assert json.loads(told.attributes["database"]) == ["app", "billing"]
    assert webhook_payload(told)["databases"] == ["app", "billing"]
    content = json.loads(slack_text(told))["content"]
    assert content["keywords"] == ["critical", "app", "billing", "backup-too-old"]

import json
from dataclasses import replace

import pytest

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.message import (
    MAX_SLACK,
    Kind,
    Message,
    slack_text,
    webhook_payload,
)
from lifeboat.alerts.policy.messages import alert_message
from lifeboat.model.commands import Commands
from lifeboat.model.steps import Step
from lifeboat.settings import AlertSettings
from tests.support.seen_bucket import HOUR, INSTALLATION, NOW, UNKNOWN, healthy

SEE_ALL = "lifeboat status --region us-east-1"
LINKS = (
    "What it means: docs/runbooks/alarms.md, section backup-too-old\n"
    "Status page: https://us-east-1.console.aws.amazon.com/s3/object/bucket-1"
    "?region=us-east-1&prefix=status.html\n"
    "A shell in us-east-1 (AWS CloudShell):"
    " https://us-east-1.console.aws.amazon.com/cloudshell/home?region=us-east-1\n"
    "The program, once in that shell:\n"
    "   aws s3 cp s3://bucket-1/tools/lifeboat.pyz ~/lifeboat.pyz"
    ' --region us-east-1 && alias lifeboat="python3 ~/lifeboat.pyz"\n'
    "Mute it for 24 hours, if it is known:\n"
    "   lifeboat mute {database} backup-too-old --region us-east-1\n"
    "Account 123456789012, region us-east-1, stack Lifeboat. Repeated every 24 h while it lasts.\n"
)
WAIT = "Can it wait until morning? Yes, but no longer. No backup protects the changes since the"
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
    advice=(
        Step("Take one", "lifeboat backup app", "aws lambda invoke <...>"),
        Step("Read the log & think."),
    ),
)


def message(**changed: object) -> Message:
    finding = Finding(**{**FINDING.__dict__, **changed})
    return alert_message([finding], kind=Kind.NEW, now=NOW, installation=INSTALLATION)


def test_a_message_says_what_is_safe_whether_it_can_wait_and_what_to_type() -> None:
    assert message().subject == (
        "[Lifeboat] ACT TODAY: app has no backup for 44 h (123456789012 us-east-1)"
    )
    assert message().body == (
        "app has no backup for 44 h.\n"
        "\n"
        "What: The newest is daily/app/2026-11-23T160000Z.\n"
        "Safe: The backups before it.\n"
        "Since: 2026-11-23 16:00 UTC (44 h ago)\n"
        "Limit: 25 h (monitor.max_age_hours)\n"
        "\n"
        f"{WAIT} last one.\n"
        "\n"
        "What to do:\n"
        "\n"
        "1. Take one:\n"
        "\n"
        "   lifeboat backup app\n"
        "\n"
        "2. Read the log & think.\n"
        "\n"
        "3. See that it is over, or what is left:\n"
        "\n"
        f"   {SEE_ALL}\n"
        "\n"
        "Without the program:\n"
        "\n"
        "Step 1:\n"
        "\n"
        "   aws lambda invoke <...>\n"
        "\n"
        "Step 3:\n"
        "\n"
        f"   {INSTALLATION.commands.status()}\n"
        "\n"
    ) + LINKS.format(database="app")


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
        "urgency": "today",
        "code": "backup-too-old",
        "database": "app",
    }
    assert message(database=None).attributes["database"] == "-"


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("lost rows of public.größe", "lost rows of public.gr??e" + WHERE),
        ("is\nodd\t\x07", "is\\nodd\\t\\x07" + WHERE),
        ("x" * 200, "x" * 70 + "..."),
        ("x" * 48, "x" * 48 + WHERE),
        ("x" * 49, "x" * 49),
    ],
)
def test_a_subject_is_one_short_line_of_ascii(headline: str, subject: str) -> None:
    found = message(headline=headline).subject
    assert found == f"[Lifeboat] ACT TODAY: app {subject}"
    assert len(found) < 100


def test_a_bucket_as_a_whole_is_called_so() -> None:
    told = message(database=None, headline="is odd")
    assert told.subject == "[Lifeboat] ACT TODAY: the bucket is odd" + WHERE
    assert told.databases == ()


def test_slack_gets_amazon_qs_custom_notification() -> None:
    text = json.loads(slack_text(message()))
    assert (text["version"], text["source"]) == ("1.0", "custom")
    content = text["content"]
    assert content["textType"] == "client-markdown"
    assert content["title"] == "[Lifeboat] ACT TODAY: app has no backup for 44 h" + WHERE
    assert content["description"].startswith("app has no backup")
    assert content["nextSteps"] == [
        "Take one: lifeboat backup app",
        "Read the log &amp; think.",
        f"See that it is over, or what is left: {SEE_ALL}",
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
    commands = Commands(bucket_name="v", stack="My Boat; rm -rf /", region="eu-central-1")
    assert "'My Boat; rm -rf /-backup-app'" in commands.back_up("app")
    assert commands.versions("daily/a b").endswith("--prefix 'daily/a b'")
    assert commands.status().startswith(
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --region eu-central-1"
        " --function-name 'My Boat; rm -rf /-monitor' "
    )
    assert """--payload '{"database": "app", "backup": "latest"}'""" in commands.drill("app")


def test_every_finding_of_a_broken_bucket_has_words_for_a_tired_person() -> None:
    bucket = healthy()
    bucket.objects = UNKNOWN
    bucket.configuration = type(bucket.configuration)(
        lifecycle=(), versioning=False, object_lock=False, encryption=None, public_access=UNKNOWN
    )
    bucket.unmanaged_prefixes = ("daily/old/",)
    for finding in bucket.findings():
        assert finding.fact.endswith(".")
        assert finding.safe.endswith(".")
        assert finding.advice
        assert finding.headline.isascii()
        told = alert_message([finding], kind=Kind.NEW, now=NOW, installation=INSTALLATION)
        assert f": {finding.database or 'the bucket'} {finding.headline}" in told.subject


def test_a_long_subject_still_says_how_many_more_there_are() -> None:
    finding = Finding(**{**FINDING.__dict__, "headline": "x" * 200})
    subject = alert_message(
        [finding] * 4, kind=Kind.NEW, now=NOW, installation=INSTALLATION
    ).subject
    assert len(subject) == 99
    assert subject.endswith("xxx... (and 3 more)")


def several(*databases: str, **changed: object) -> Message:
    findings = [
        Finding(
            **{
                **FINDING.__dict__,
                "database": name,
                "fact": f"The newest is daily/{name}/2026-11-23T160000Z.",
                "advice": (
                    Step("Take one", f"lifeboat backup {name}", f"aws do-it --for {name}"),
                    Step("Read the log & think."),
                ),
                **changed,
            }
        )
        for name in databases
    ]
    return alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)


def test_what_is_alike_in_several_databases_is_said_once() -> None:
    told = several("app", "billing", "crm", "docs", "shop")
    assert told.subject == (
        "[Lifeboat] ACT TODAY: 5 databases have no backup for 44 h: app, billing, crm, docs, shop"
    )
    assert told.body == (
        "5 databases have no backup for 44 h: app, billing, crm, docs, shop.\n"
        "\n"
        "app: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "billing: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "crm: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "docs: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "shop: has no backup for 44 h, since 2026-11-23 16:00 UTC (44 h ago).\n"
        "\n"
        "What: The newest is daily/<database>/2026-11-23T160000Z.\n"
        "Safe: The backups before it.\n"
        "Limit: 25 h (monitor.max_age_hours)\n"
        "\n"
        f"{WAIT} last one.\n"
        "\n"
        "What to do:\n"
        "\n"
        "1. Take one (2 more in the same way; the status has their commands):\n"
        "\n"
        "   lifeboat backup app\n"
        "   lifeboat backup billing\n"
        "   lifeboat backup crm\n"
        "\n"
        "2. Read the log & think.\n"
        "\n"
        "3. See that it is over, or what is left:\n"
        "\n"
        f"   {SEE_ALL}\n"
        "\n"
        "Without the program:\n"
        "\n"
        "Step 1:\n"
        "\n"
        "   aws do-it --for app\n"
        "   aws do-it --for billing\n"
        "   aws do-it --for crm\n"
        "\n"
        "Step 3:\n"
        "\n"
        f"   {INSTALLATION.commands.status()}\n"
        "\n"
    ) + LINKS.format(database="app")


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


def test_a_step_that_differs_in_words_stands_once_for_each_database() -> None:
    findings = [
        Finding(
            **{
                **FINDING.__dict__,
                "database": name,
                "advice": (Step(f"Ask {name}", f"ask {name}"),),
            }
        )
        for name in ("app", "billing", "crm", "docs")
    ]
    told = alert_message(findings, kind=Kind.NEW, now=NOW, installation=INSTALLATION)
    assert [str(each) for each in told.steps[:4]] == [
        "app: Ask app: ask app",
        "billing: Ask billing: ask billing",
        "crm: Ask crm: ask crm",
        "1 more in the same way; the status has their steps.",
    ]


def of(**alerts: object) -> Installation:
    return replace(INSTALLATION, alerts=AlertSettings.model_validate(alerts))


def test_times_are_also_said_in_peoples_own_zone_but_not_in_commands() -> None:
    found = Finding(
        **{
            **FINDING.__dict__,
            "since": NOW - 13 * HOUR,
            "fact": "At 2026-02-31 02:00 UTC.",
            "advice": (Step("Look at 2026-07-01 12:00 UTC", "at '2026-07-01 12:00 UTC'"),),
        }
    )
    told = alert_message([found], kind=Kind.NEW, now=NOW, installation=of(timezone="Europe/Berlin"))
    assert "Since: 2026-11-24 23:00 UTC (2026-11-25 00:00 Berlin) (13 h ago)" in told.body
    assert "1. Look at 2026-07-01 12:00 UTC (14:00 Berlin):\n" in told.body
    assert "   at '2026-07-01 12:00 UTC'\n" in told.body
    assert "What: At 2026-02-31 02:00 UTC.\n" in told.body, "no such time: left as it is"


def test_the_runbook_is_a_link_where_its_address_is_known() -> None:
    told = alert_message(
        [FINDING],
        kind=Kind.NEW,
        now=NOW,
        installation=of(runbook_url="https://example.com/runbooks/"),
    )
    assert "What it means: https://example.com/runbooks/alarms.md#backup-too-old\n" in told.body


def test_nobody_is_told_to_mute_that_nobody_listens() -> None:
    assert "Mute it" in message().body
    for code in (Code.NO_SUBSCRIBER, Code.SUBSCRIPTION_PENDING, Code.SUBSCRIPTION_MISSING):
        assert "Mute it" not in message(code=code, database=None).body
    assert "lifeboat mute - backup-too-old " in message(database=None).body


def test_a_stack_without_the_products_name_is_still_known_as_lifeboats() -> None:
    other = replace(INSTALLATION, stack="Staging")
    told = alert_message([FINDING], kind=Kind.NEW, now=NOW, installation=other)
    assert told.subject.startswith("[Lifeboat Staging] ACT TODAY: app has")
    assert "   lifeboat status --stack Staging --region us-east-1\n" in told.body

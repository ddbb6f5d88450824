"""What only a real project of Neon can show."""

from datetime import UTC, datetime, timedelta

from lifeboat.model.keys import provider_key
from lifeboat.model.provider import ProviderReport
from lifeboat.model.text import format_duration, format_size
from tests.smoke.account import Account
from tests.smoke.seen import Seen


def watch(account: Account) -> Seen:
    """Ask Neon about the database, and read the report that was stored."""
    answer = account.invoke("neon-watch", {})
    if answer.failed:
        return Seen(good=False, text=answer["errorMessage"])
    key = provider_key(account.database)
    stored = account.s3.get_object(Bucket=account.bucket, Key=key)["Body"].read()
    report = ProviderReport.from_json(stored, key=key)
    problem = f"{report.problem.kind}: {report.problem.what}" if report.problem else ""
    if report.facts is None:
        return Seen(good=False, text=problem)
    facts = report.facts
    parts = [
        f"plan {facts.plan}",
        f"window {format_duration(facts.history_seconds)}",
        f"transfer {format_size(facts.transfer_bytes)}",
        "no word about schedules" if facts.schedule is None else f"rules {len(facts.schedule)}",
        "no word about snapshots" if facts.snapshots is None else f"{facts.snapshots.count} there",
        f"key {facts.key.scope}",
    ]
    return Seen(good=not problem, text="; ".join([*parts, *filter(None, [problem])]))


TEN_MINUTES = timedelta(minutes=10)


def plan(account: Account, ago: timedelta = TEN_MINUTES) -> Seen:
    """Plan a restore to a moment of the past, which changes nothing."""
    if "NeonRestoreInvokePolicy" not in account.outputs:
        return Seen(good=True, text="databases.neon.restore is not set")
    at = datetime.now(UTC) - ago
    event = {"action": "restore", "database": account.database, "at": at.isoformat()}
    answer = account.invoke("neon-restore", event)
    if answer.failed:
        return Seen(good=False, text=answer["errorMessage"])
    planned = answer.payload
    databases = planned["databases"]
    problems = [text for each in databases for text in (*each["problems"], *each["not_counted"])]
    left = [text for text in planned["warnings"] if "could not be deleted" in text]
    parts = [
        f"databases {len(databases)}",
        f"tables that differ {sum(len(each['tables']) for each in databases)}",
        f"definitions that differ {sum(len(each['definitions']) for each in databases)}",
        f"slots {len(planned['replication_slots'])}",
    ]
    return Seen(good=not (problems or left), text="; ".join([*parts, *problems[:3], *left]))

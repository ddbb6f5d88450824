"""What only a real project of Neon can show."""

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

"""What only a real account can show, a function a check: what was seen, and whether it is right."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.smoke import jobs, neon
from tests.smoke.account import Account
from tests.smoke.seen import Seen

COLD_START_MS = 10_000
"""Lambda gives a function no more before its first run."""


@dataclass(frozen=True)
class Check:
    """One of them.

    Attributes:
        name: what it is chosen by.
        does: what it does to the account.
        minutes: how long that takes.
        expected: what has to be seen.
        run: does it.
        key: whether it needs a KMS key.
        neon: whether it needs a database in Neon.
    """

    name: str
    does: str
    minutes: int
    expected: str
    run: Callable[[Account], Seen]
    key: bool = False
    neon: bool = False


def _alarms(account: Account) -> Seen:
    time.sleep(account.patience / 12)  # a quarter of an hour: what comes for nothing comes early
    alarmed = account.alarms()
    topic = account.client("sns", None).get_topic_attributes(TopicArn=account.outputs["TopicArn"])
    confirmed = topic["Attributes"].get("SubscriptionsConfirmed", "0")
    # A look that nobody hears has failed.
    expected = ["monitor-error"] if confirmed == "0" else []
    text = f"in ALARM: {', '.join(alarmed) or 'none'}; confirmed subscriptions: {confirmed}"
    return Seen(good=set(alarmed) <= set(expected), text=text)


def _backup(account: Account) -> Seen:
    answer = account.back_up()
    if answer.failed:
        return Seen(good=False, text=answer["errorMessage"])
    init = re.search(r"Init Duration: ([\d.]+) ms", answer.log)
    memory = re.search(r"Max Memory Used: (\d+ MB)", answer.log)
    text = f"{answer['backup']}, started in {f'{init[1]} ms' if init else 'no time (warm)'}"
    good = not init or float(init[1]) < COLD_START_MS
    return Seen(good=good, text=f"{text}, memory {memory[1] if memory else 'unknown'}")


def _object(account: Account) -> Seen:
    head = account.s3.head_object(
        Bucket=account.bucket, Key=f"{account.backup()}/archive.dump", ChecksumMode="ENABLED"
    )
    until = head.get("ObjectLockRetainUntilDate")
    names = ("ChecksumSHA256", "ObjectLockMode", "ServerSideEncryption")
    locked = until is not None and until > datetime.now(UTC)
    shown = {name: head.get(name) for name in names} | {"until": until and f"{until:%Y-%m-%d}"}
    text = ", ".join(f"{name} {value}" for name, value in shown.items())
    return Seen(good=all(head.get(name) for name in names) and locked, text=text)


def _drill(account: Account) -> Seen:
    answer = account.invoke("drill", {"backup": account.backup()})
    text = answer["errorMessage"] if answer.failed else f"verdict {answer['verdict']}"
    return Seen(good=not answer.failed and answer["verdict"] in {"proven", "partial"}, text=text)


def _drill_elsewhere(account: Account) -> Seen:
    if code := account.deploy("lifeboat.architecture=x86_64"):
        return Seen(good=False, text=f"the deployment ended with {code}")
    try:
        return _drill(account)
    finally:
        account.deploy()


def _export(account: Account) -> Seen:
    event = {
        "action": "export",
        "database": account.database,
        "backup": account.backup(),
        "execute": True,
    }
    answer = account.invoke("restore", event)
    if answer.failed or not answer["download_url"].startswith("https://"):
        return Seen(good=False, text=answer["errorMessage"] if answer.failed else "no link")
    region = account.s3.meta.region_name
    try:
        with urllib.request.urlopen(answer["download_url"], timeout=60) as opened:  # noqa: S310 - https
            code = opened.status
    except urllib.error.HTTPError as error:
        code = error.code
    return Seen(good=code == 200, text=f"HTTP {code} in {region}")


def _monitor(account: Account) -> Seen:
    codes = account.findings()
    return Seen(
        good="check-incomplete" not in codes, text=f"findings: {', '.join(codes) or 'none'}"
    )


def _hidden(account: Account) -> Seen:
    place = {"Bucket": account.bucket, "Key": f"{account.backup()}/archive.dump"}
    marker = account.s3.delete_object(**place)["VersionId"]
    try:
        answer = account.invoke("drill", {"backup": account.backup()})
    finally:
        account.s3.delete_object(**place, VersionId=marker)
    said = answer["errorMessage"]
    denied = re.search(r"AccessDenied|Forbidden|\b403\b", said)
    good = answer.failed and "Next: " in said and not denied
    return Seen(good=good, text=" ".join(said.split())[:300])


def _silence(account: Account) -> Seen:
    scheduler, name = account.client("scheduler", None), f"{account.stack}-monitor"
    account.findings()
    if not account.wait_for_alarm("monitor-heartbeat", "OK"):
        return Seen(good=False, text="the monitor has looked, and monitor-heartbeat is not OK")
    scheduler.delete_schedule(Name=name)
    begun = time.monotonic()
    try:
        noticed = account.wait_for_alarm("monitor-heartbeat", "INSUFFICIENT_DATA")
    finally:
        code = account.revert()
    minutes = round((time.monotonic() - begun) / 60)
    back = scheduler.get_schedule(Name=name)["State"] == "ENABLED" if not code else False
    text = f"monitor-heartbeat {'notified' if noticed else 'did not notify'} in {minutes} min; "
    return Seen(good=noticed and back, text=f"{text}the schedule {'is' if back else 'is not'} back")


def _lifecycle(account: Account) -> Seen:
    before = account.s3.get_bucket_lifecycle_configuration(Bucket=account.bucket)["Rules"]
    account.s3.delete_bucket_lifecycle(Bucket=account.bucket)
    try:
        codes = account.findings()
    finally:
        account.revert()
    after = account.s3.get_bucket_lifecycle_configuration(Bucket=account.bucket)["Rules"]
    same = sorted(map(str, before)) == sorted(map(str, after))
    text = f"findings: {', '.join(codes)}; the rules {'are' if same else 'are not'} back"
    return Seen(good="lifecycle-drift" in codes and same, text=text)


def _former_key(account: Account) -> Seen:
    if account.deploy(f"lifeboat.encryption={account.key}"):
        return Seen(good=False, text="the deployment with the key failed")
    answer = account.back_up()
    former = f"lifeboat.former_encryption_keys.0={account.key}"
    if answer.failed or account.deploy(former):
        return Seen(good=False, text=f"backup: {answer['errorMessage']}")
    seen = _drill(account)
    account.deploy()
    return seen


CHECKS = (
    Check("alarms", "waits", 15, "none is in ALARM", _alarms),
    Check("backup", "takes a backup, locked for its tier's days", 5, "a start below 10 s", _backup),
    Check("object", "looks", 1, "a SHA-256, a lock that lasts, encryption", _object),
    Check("drill", "restores the backup in a function", 10, "proven or partial", _drill),
    Check("drill-x86", "deploys twice", 30, "the same on x86_64", _drill_elsewhere),
    Check("export", "exports the database into the bucket", 5, "the link answers 200", _export),
    Check(
        "monitor", "looks", 1, "no finding check-incomplete: it may see all that it must", _monitor
    ),
    Check(
        "neon", "asks Neon, and reads what was stored", 1, "plan and window", neon.watch, neon=True
    ),
    Check(
        "neon-plan",
        "makes a branch of ten minutes ago, reads it and the live one, deletes it",
        5,
        "a plan of a restore by Neon, with everything compared",
        neon.plan,
        neon=True,
    ),
    Check("quota", "looks", 1, "at least one build at once, of each machine", jobs.quota),
    Check("image", "runs a build that describes itself", 5, "Python 3.13", jobs.image),
    Check(
        "job", "deploys; a backup by a job", 20, "SUCCEEDED; the start in a few minutes", jobs.job
    ),
    Check("hidden", "hides an archive and shows it again", 5, "words, not AccessDenied", _hidden),
    Check("lifecycle", "deletes the rules; reverts", 10, "a finding; the rules back", _lifecycle),
    Check("former-key", "deploys 3 times", 40, "old key still read", _former_key, key=True),
    Check("silence", "deletes the monitor's schedule; reverts", 190, "monitor-heartbeat", _silence),
)

BY_HAND = (
    "a wrong password for the first try only: nobody must be told of a failure",
    "-c lifeboat.object_lock=off, cdk deploy --no-execute: the bucket must not be replaced",
    "retention.manual.hot_days=0, the next day: archives in DEEP_ARCHIVE; thaw one, await the mail",
    "a private network with endpoints for S3 and Secrets Manager only: a backup, and its log",
    "the link in a mail that unsubscribes: the monitor must tell somebody",
    "after three days, Cost Explorer by usage type: what it cost",
)
"""What a person does, since it takes days, a network or a mailbox."""

"""What only a real account can show of jobs: how a build starts, on what, and how fast it is."""

import json
import time
from collections.abc import Iterator
from typing import Any

from lifeboat.model.manifest import Manifest
from tests.smoke.account import Account
from tests.smoke.seen import Seen

_PATIENCE = 3600.0
_ENDED = frozenset({"SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"})
_BEFORE = ("QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL")

_LOOK = (
    "python3 --version",
    "uname -r",
    "id -un",
    "nproc",
    "cat /sys/kernel/security/lsm || echo no list of security modules",
    "df -BG --output=avail /tmp | tail -1",
)
"""What a build says of its machine: the jail needs seccomp, and likes Landlock."""


def job(account: Account) -> Seen:
    """A backup by a job: when its program began, and how fast it read."""
    if account.deploy("lifeboat.databases.0.engine=job"):
        return Seen(good=False, text="the deployment with engine = job failed")
    try:
        return _backup(account)
    finally:
        account.deploy()


def _backup(account: Account) -> Seen:
    answer = account.invoke("backup", {})
    handed = answer.payload.get("handed_over") if isinstance(answer.payload, dict) else None
    if answer.failed or not handed:
        return Seen(good=False, text=answer["errorMessage"] if answer.failed else str(handed))
    build = _end(account, handed["build"])
    text = f"{build['buildStatus']}; {_times(build)}; {_log(account, build)[:1]}"
    newest = _newest(account)
    if build["buildStatus"] != "SUCCEEDED" or newest is None or newest.engine != "job":
        return Seen(good=False, text=f"{text}; its log: {_log(account, build)[-5:]}")
    rate = newest.source.bytes / newest.seconds["archive"] / 10**6
    return Seen(good=True, text=f"{text}; {rate:.0f} MB of the database a second")


def image(account: Account) -> Seen:
    """A build with other commands, as whoever may start one may give it: it describes itself."""
    spec = {
        "version": "0.2",
        "phases": {
            "install": {"runtime-versions": {"python": "3.13"}},
            "build": {"commands": list(_LOOK)},
        },
    }
    started = account.client("codebuild", None).start_build(
        projectName=f"{account.stack}-backup-{account.database}-job",
        buildspecOverride=json.dumps(spec),
    )["build"]
    build = _end(account, started["id"])
    said = [each for each in _log(account, build) if not each.startswith("[Container]")]
    good = build["buildStatus"] == "SUCCEEDED" and any("Python 3.13" in each for each in said)
    return Seen(good=good, text=f"{'; '.join(said)}; {_times(build)}")


def quota(account: Account) -> Seen:
    """How many builds may run at once, by kind of machine."""
    found = {each["QuotaName"]: each["Value"] for each in _quotas(account)}
    known = {
        name: value
        for name, value in found.items()
        if name.startswith("Concurrently running builds") and ("ARM" in name or "Linux" in name)
    }
    text = "; ".join(f"{name.split(' for ')[-1]}: {value:g}" for name, value in known.items())
    return Seen(good=bool(known) and min(known.values()) >= 1, text=text or "no quota was listed")


def _quotas(account: Account) -> Iterator[dict[str, Any]]:
    client = account.client("service-quotas", None)
    for page in client.get_paginator("list_service_quotas").paginate(ServiceCode="codebuild"):
        yield from page["Quotas"]


def _end(account: Account, build: str) -> dict[str, Any]:
    client, until = account.client("codebuild", None), time.monotonic() + _PATIENCE
    while True:
        (found,) = client.batch_get_builds(ids=[build])["builds"]
        if found["buildStatus"] in _ENDED:
            return dict(found)
        if time.monotonic() > until:
            raise RuntimeError(f"{build} is still {found['currentPhase']} after an hour")
        time.sleep(10)


def _times(build: dict[str, Any]) -> str:
    """How long each phase before the program took."""
    took = {each["phaseType"]: each.get("durationInSeconds", 0) for each in build["phases"]}
    return ", ".join(f"{name} {took[name]} s" for name in _BEFORE if name in took)


def _log(account: Account, build: dict[str, Any]) -> list[str]:
    logs = build["logs"]
    events = account.client("logs", None).get_log_events(
        logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
    )["events"]
    return [each["message"].rstrip() for each in events]


def _newest(account: Account) -> Manifest | None:
    """The manifest that was written last."""
    found = [each for each in account.versions() if each["Key"].endswith("/manifest.json")]
    if not found:
        return None
    key = max(found, key=lambda each: each["LastModified"])["Key"]
    body = account.s3.get_object(Bucket=account.bucket, Key=key)["Body"].read()
    return Manifest.from_json(body, key=key)

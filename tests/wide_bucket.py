"""How much memory a look at wide databases takes, in MB.

python -m tests.wide_bucket DATABASES TABLES HISTORY

A process of its own, and a client that makes each document when it is asked for: what is measured
is the monitor, not the bucket.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from lifeboat.alerts.policy.findings import Code
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import parse_drill_key, parse_key
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.monitor.observe import observe, request_limit
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import MonitorSettings, WatchedDatabase, WatchedSettings
from tests.support.seen_bucket import DAY, NEWEST, NOW, backup, drill, stored

MB = 1 << 20


class Client:
    """Answers as S3 does, out of nothing."""

    def __init__(self, databases: int, tables: int, history: int) -> None:
        self.meta = SimpleNamespace(region_name="us-east-1")
        self.names = [f"app{number}" for number in range(databases)]
        self.slots = [NEWEST - day * DAY for day in range(history)]
        names = [f"a_table_of_the_tenant_{number:06}" for number in range(tables)]
        table = {"schema": "public", "rows": 1000}
        result = {"schema": "public", "expected": 1, "restored": 1, "outcome": "passed"}
        self.tables = json.dumps([table | {"name": name} for name in names]).encode()
        self.results = json.dumps([result | {"name": name} for name in names]).encode()

    def list_object_versions(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket
        entries = [
            {
                "Key": version.key,
                "VersionId": version.version_id,
                "Size": version.bytes,
                "LastModified": version.modified,
                "IsLatest": True,
            }
            for name in self.names
            for version in self._versions(name)
            if version.key.startswith(Prefix)
        ]
        return {"Versions": entries, "IsTruncated": False}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket
        if Key.startswith("attempts/"):
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        parsed = parse_key(Key)
        document: Manifest | DrillReport
        if parsed:
            document, tables = _manifest(parsed[0].database, parsed[0].scheduled_at), self.tables
        else:
            report = parse_drill_key(Key)
            assert report
            document, tables = _report(*report), self.results
        body = document.to_json().replace(b'"tables": []', b'"tables": ' + tables)
        return {"ContentLength": len(body), "Body": io.BytesIO(body)}

    def list_objects_v2(self, **_: object) -> dict[str, Any]:
        return {}

    def list_multipart_uploads(self, **_: object) -> dict[str, Any]:
        return {"IsTruncated": False}

    def __getattr__(self, name: str) -> Any:
        """The bucket's configuration is of no interest here."""

        def denied(**_: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, name)

        return denied

    def _versions(self, name: str) -> Iterator[Any]:
        for slot in self.slots:
            yield from stored(_manifest(name, slot))
        for day in range(5):
            started = NEWEST - day * DAY + timedelta(hours=3)
            key = _report(name, started).key
            yield SimpleNamespace(key=key, version_id="v", bytes=1, modified=started)


def _manifest(database: str, slot: datetime) -> Manifest:
    plain = backup(slot, tier=Tier.DAILY, tables={}).model_dump_json()
    own = Manifest.model_validate_json(plain.replace("/app/", f"/{database}/"))
    return own.model_copy(update={"database": database})


def _report(database: str, started: datetime) -> DrillReport:
    return drill(started, tables=()).model_copy(update={"database": database})


def main(databases: int, tables: int, history: int) -> int:
    """The most memory that the look took, in MB."""
    client = Client(databases, tables, history)
    settings = WatchedSettings(
        databases=tuple(WatchedDatabase(name=name) for name in client.names),
        monitor=MonitorSettings(history=max(history, 2)),
    )
    calls = RequestBudget(request_limit(settings), lambda: 600.0)
    facts = observe(BackupBucket(client, "bucket"), settings, "Lifeboat", calls, NOW)  # type: ignore[arg-type]
    codes = {each.code for each in evaluate(facts, settings, NOW) if each.database}
    assert not codes & {
        Code.CHECK_INCOMPLETE,
        Code.MANIFEST_UNREADABLE,
        Code.DRILL_REPORT_UNREADABLE,
    }, codes
    assert all(len(each.manifests) == history for each in facts.databases)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MB


if __name__ == "__main__":
    sys.stdout.write(f"{main(*map(int, sys.argv[1:]))}\n")

"""Objects of the bucket that Lifeboat did not write: damaged, missing, foreign, future."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.drill.find_backup import find_backup
from lifeboat.errors import EventError, ManifestError, NoBackupError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.keys import STATE_KEY
from lifeboat.model.manifest import Manifest
from tests.support import invariants
from tests.support.all_functions import AllFunctions
from tests.support.backup_harness import Bucket
from tests.support.bucket_builder import BucketBuilder, drilled
from tests.support.restore_harness import refused
from tests.support.seen_bucket import DAY, RULES, backup, drill

pytestmark = pytest.mark.fault("bucket")

MOST_WORDS = 3_000


@pytest.fixture
def built(bucket: Bucket) -> BucketBuilder:
    return BucketBuilder(bucket)


@pytest.fixture
def backups(built: BucketBuilder) -> list[Manifest]:
    """Of the last three days, the newest first."""
    built.configure(RULES)
    return built.back_up_daily(3)


@pytest.fixture
def functions(built: BucketBuilder) -> AllFunctions:
    return AllFunctions(built)


def changed(*path: str | int, to: object) -> Callable[[Manifest], bytes]:
    """A manifest that has something else in one place."""

    def change(manifest: Manifest) -> bytes:
        document: Any = manifest.model_dump(mode="json")
        node = document
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = to
        return json.dumps(document).encode()

    return change


ARCHIVE = ("archive", "objects", 0)
DAMAGES: dict[str, Callable[[Manifest], bytes]] = {
    "is empty": lambda _: b"",
    "is cut": lambda manifest: manifest.to_json()[:-300],
    "is not JSON": lambda _: b"PGDMP\x00\x01\x0e",
    "is a list": lambda _: b"[]",
    "is another object": lambda _: b'{"schema_version": 1, "hello": "world"}',
    "is ten megabytes of nothing": lambda _: b" " * 10_000_000,
    "has thousands of wrong keys": lambda manifest: (
        manifest.to_json()[:-2]
        + b',"seconds":{'
        + b",".join(b'"%0100d":"x"' % number for number in range(5_000))
        + b"}}"
    ),
    "is a list in a list in a list": lambda _: b"[" * 100_000,
    "is of the next schema": changed("schema_version", to=2),
    "is of a far future": changed("schema_version", to=10**300),
    "has its schema's version as text": changed("schema_version", to="1"),
    "is of another slot": changed("scheduled_at", to="2026-01-01T02:00:00Z"),
    "is of another database": changed("database", to="other"),
    "is of another tier": changed("tier", to="manual"),  # that no scheduled time has
    "claims another backup's archive": changed(
        *ARCHIVE, "key", to="daily/elder/2026-11-23T020000Z/archive.dump"
    ),
    "claims an archive out of the bucket": changed(*ARCHIVE, "key", to="../../\u202edmp\x1b[31m"),
    "claims another backup's roles": changed("globals", "key", to="daily/elder/x/globals.sql"),
    "has an archive of less than nothing": changed(*ARCHIVE, "bytes", to=-1),
    "has an archive larger than any": changed(*ARCHIVE, "bytes", to=10**400),
    "has less than no rows": changed("inventory", "tables", 0, "rows", to=-1),
    "has more rows than can be counted": changed("inventory", "tables", 0, "rows", to=10**400),
    "has no archive": changed("archive", "objects", to=[]),
    "has an odd checksum": changed(*ARCHIVE, "sha256", to="\x1b[31m"),
    "has a key to hide behind": changed("seconds", to={"\u202e\x1b[2J" * 9999: "x"}),
    "has a time without a zone": changed("source", "snapshot_time", to="2026-11-22T02:00:00"),
    "has half a character": lambda manifest: manifest.to_json().replace(b"neondb", b"\xff\xfe"),
}


def require_named(words: str, key: str) -> None:
    """A message names the object, fits on a screen and can be shown."""
    assert key in words, words[:500]
    assert len(words) <= MOST_WORDS, words[:500]
    assert words.replace("\n", "").isprintable(), ascii(words[:500])


#: Each of them is read by everybody; the others by those who read nothing but manifests.
GRAVEST = (
    "is empty",
    "is ten megabytes of nothing",
    "is of the next schema",
    "claims another backup's archive",
    "has an archive larger than any",
    "has a key to hide behind",
)


@pytest.mark.parametrize("damage", GRAVEST)
def test_a_manifest_that_can_not_be_trusted_is_reported_by_all_and_the_others_can_be_used(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions, damage: str
) -> None:
    newest, older, oldest = backups
    key, backup = newest.key, newest.location.id
    built.put(key, DAMAGES[damage](newest))

    report = functions.drill()
    assert isinstance(report, DrillReport)
    assert report.verdict is Verdict.FAILED
    assert report.backup == backup
    require_named(report.reasons[0], key)
    assert report.advice

    listed = functions.restore("list")
    assert [each["backup"] for each in listed["backups"]] == [older.location.id, oldest.location.id]
    assert listed["next_event"]["backup"] == older.location.id
    for answer in (listed, functions.restore("export"), functions.restore("thaw")):
        assert older.location.id in str(answer)
        require_skipped(answer, backup, key)

    checked = functions.monitor()
    findings = [each for each in checked.status.findings if key in each.subject]
    assert {(each.code, each.level) for each in findings} == {
        (Code.MANIFEST_UNREADABLE, Level.CRITICAL),
        (Code.MANIFEST_REPLACED, Level.CRITICAL),
    }
    require_shown(checked.status.as_text())


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_manifest_is_refused_by_its_name_wherever_it_can_not_be_trusted(
    built: BucketBuilder,
    functions: AllFunctions,
    damage: Callable[[Manifest], bytes],
) -> None:
    newest, older = built.back_up_daily(2)
    key, backup = newest.key, newest.location.id
    built.put(key, damage(newest))
    again = functions.back_up(newest.location)
    assert isinstance(again, ManifestError)
    require_named(str(again), key)
    require_named(str(refused(lambda: functions.restore("tables", backup=backup))), key)
    answer = functions.restore("tables")
    assert answer["backup"] == older.location.id
    require_skipped(answer, backup, key)


def require_skipped(answer: dict[str, Any], backup: str, key: str) -> None:
    """An answer says which backup it left out, why, and what to do about it."""
    (passed,) = answer["skipped"]
    assert passed["backup"] == backup
    require_named(passed["reason"], key)
    assert passed["next_step"]


def require_shown(text: str) -> None:
    """A terminal shows all of it as it is."""
    assert text.replace("\n", "").isprintable(), ascii(text)[:3000]


def test_when_no_manifest_can_be_read_that_is_said_and_not_that_there_is_no_backup(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    for each in backups:
        built.put(each.key, b"{")
    listed = functions.restore("list")
    assert (listed["backups"], len(listed["skipped"])) == ([], 3)
    error = refused(lambda: functions.restore("tables"))
    assert isinstance(error, NoBackupError)
    assert "can be used" in error.what
    assert "2 others" in error.what
    require_named(str(error), backups[0].key)


def test_unknown_keys_of_a_later_lifeboat_are_no_damage(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    built.put(backups[0].key, changed("invented_later", to={"a": [1]})(backups[0]))
    listed = functions.restore("list")
    assert len(listed["backups"]) == 3
    assert listed["skipped"] == []


def test_the_newest_backup_whose_archive_is_there_is_the_latest(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    newest, older, _ = backups
    key = newest.location.archive_key
    built.bucket.client.delete_object(Bucket=built.bucket.name, Key=key)
    again = functions.back_up(newest.location)
    require_named(str(again), key)
    listed = functions.restore("list")
    lies = {
        each["backup"]: (each["available"], each["storage_state"]) for each in listed["backups"]
    }
    assert lies[newest.location.id] == (False, "its archive is gone")
    assert listed["next_event"]["backup"] == older.location.id
    for action in ("tables", "export", "thaw"):
        answer = functions.restore(action)
        assert answer["backup"] == older.location.id
        require_skipped(answer, newest.location.id, key)
    (finding,) = [each for each in functions.monitor().status.findings if each.subject == key]
    assert (finding.code, finding.level) == (Code.ARCHIVE_MISSING, Level.CRITICAL)


@pytest.mark.parametrize("name", ["archive.dump", "globals.sql"])
@pytest.mark.parametrize("body", [b"", b"another database's"], ids=["empty", "another"])
def test_what_was_written_over_is_reported_by_the_monitor(
    built: BucketBuilder,
    backups: list[Manifest],
    functions: AllFunctions,
    name: str,
    body: bytes,
) -> None:
    key = backups[0].location.prefix + name
    built.put(key, body)
    (finding,) = [each for each in functions.monitor().status.findings if each.subject == key]
    assert finding.code is Code.ARCHIVE_DIFFERS
    invariants.answered(finding.fact)
    assert finding.advice


def test_a_manifest_that_was_written_over_is_reported_with_both_its_versions(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    """All is in order by the newest version alone: it names another archive, which is there."""
    forged = built.back_up(backups[1])
    assert forged.archive != backups[1].archive
    (finding,) = [
        e for e in functions.monitor().status.findings if e.code is Code.MANIFEST_REPLACED
    ]
    assert (finding.level, finding.subject) == (Level.CRITICAL, forged.key)
    listing = built.bucket.client.list_object_versions(Bucket=built.bucket.name, Prefix=forged.key)
    versions = [each["VersionId"] for each in listing["Versions"]]
    assert len(versions) == 2
    assert all(each in finding.fact for each in versions)
    first = next(each["VersionId"] for each in listing["Versions"] if not each["IsLatest"])
    assert any(first in str(step) for step in finding.advice)


def test_a_backup_from_the_future_is_never_the_latest(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    early = built.back_up(backup(backups[0].scheduled_at + 400 * DAY))
    built.put(f"drills/app/{early.scheduled_at:%Y-%m-%dT%H%M%SZ}.json", b"{}")
    for action in ("tables", "export", "thaw"):
        answer = functions.restore(action)
        assert answer["backup"] == backups[0].location.id
        require_skipped(answer, early.location.id, "")
    listed = functions.restore("list")
    assert listed["next_event"]["backup"] == backups[0].location.id
    assert functions.restore("tables", backup=early.location.id)["backup"] == early.location.id
    run = functions.drill_run()
    find_backup(run)
    assert run.manifest.location == backups[0].location
    found = functions.monitor().status.findings
    findings = {each.code: each for each in found if each.database == "app"}
    assert findings[Code.CLOCK_SKEW].subject == early.location.id
    assert Code.BACKUP_TOO_OLD not in findings


def test_a_moment_to_come_is_no_moment_to_restore(
    backups: list[Manifest], functions: AllFunctions
) -> None:
    later = f"{backups[0].scheduled_at + 400 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    error = refused(lambda: functions.restore("tables", before=later))
    assert isinstance(error, EventError)
    assert "'before'" in error.what


STRANGE = (
    "loose",
    "daily/loose",
    "daily/app/loose",
    "daily//2026-11-24T020000Z/manifest.json",
    "daily/app//manifest.json",
    "daily/app/2026-11-24T020000Z",
    "daily/app/2026-11-24T020000Z/",
    "daily/app/2026-11-31T020000Z/manifest.json",
    "daily/app/2026-11-24T02:00:00Z/manifest.json",
    "daily/app/2099-11-24T020000Z/manifest.json.bak",
    "daily/app/2099-11-24T020000Z/MANIFEST.JSON",
    "daily/app/2099-11-24T020000Z/x/manifest.json",
    "daily/APP/2099-11-24T020000Z/manifest.json",
    "Daily/app/2099-11-24T020000Z/manifest.json",
    "hourly/app/2099-11-24T020000Z/manifest.json",
    "daily/app /2099-11-24T020000Z/manifest.json",
    "daily/my app/x",
    "daily/../app/2099-11-24T020000Z/manifest.json",
    "daily/app/../app/2099-11-24T020000Z/manifest.json",
    "daily/\u202eppa/x",
    "daily/\U0001f6df/\u0130",
    "weekly/app%2F..%2F/x",
    "drills/app/garbage.json",
    "drills/app/2099-11-24T020000Z.json.tmp",
    "drills/a'; DROP TABLE users; --/x",
    "monthly/$(touch evil)/x",
    "manual/" + "x" * 900 + "/y",
)


def test_keys_of_every_odd_spelling_beside_the_backups_are_nobodys_and_hinder_nobody(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    for key in STRANGE:
        built.put(key, b"foreign")
    listed = functions.restore("list")
    assert [each["backup"] for each in listed["backups"]] == [each.location.id for each in backups]
    assert listed["skipped"] == []
    assert functions.restore("tables")["backup"] == backups[0].location.id
    checked = functions.monitor()
    strangers = {e.subject for e in checked.status.findings if e.code is Code.UNMANAGED_PREFIX}
    assert {"loose", "APP", "Daily/", "hourly/", "my app"} <= strangers
    require_shown(checked.status.as_text())
    for message in functions.heard:
        require_shown("\n".join([message.subject, *message.paragraphs, *map(str, message.steps)]))


@pytest.mark.parametrize(
    "body",
    [b"", b'{"schema_version": 2}', b"\xff" * 1000],
    ids=["empty", "future", "no text"],
)
def test_a_drills_report_that_is_garbage_is_reported_and_hinders_no_restore(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions, body: bytes
) -> None:
    report = drill(drilled(1))
    built.put(report.key, body)
    listed = functions.restore("list")
    assert {each["drill_verdict"] for each in listed["backups"]} == {None}
    assert functions.restore("export")["backup"] == backups[0].location.id
    findings = functions.monitor().status.findings
    (finding,) = [each for each in findings if each.code is Code.DRILL_REPORT_UNREADABLE]
    require_named(finding.headline + finding.fact + finding.subject, report.key)
    assert finding.advice


@pytest.mark.parametrize(
    "body",
    [b"", b'{"schema_version": 9}', b'{"schema_version": 1, "notified": 7}'],
    ids=["empty", "future", "another shape"],
)
def test_a_monitor_that_lost_its_memory_says_so_and_tells_everything_once_more(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions, body: bytes
) -> None:
    built.put(backups[0].key, b"{")
    functions.monitor()
    told = {message.subject for message in functions.heard}
    assert told
    functions.heard.clear()
    functions.monitor()
    assert functions.heard == []
    built.put(STATE_KEY, body)
    checked = functions.monitor()
    assert {message.subject for message in functions.heard} >= told
    assert any(STATE_KEY in each.fact + each.headline for each in checked.status.findings)
    assert checked.failures == ()
    functions.heard.clear()
    functions.monitor()
    assert not told & {message.subject for message in functions.heard}


def test_globals_that_are_gone_are_named_with_the_way_to_get_them_back(
    built: BucketBuilder, backups: list[Manifest], functions: AllFunctions
) -> None:
    key = backups[0].location.globals_key
    versions = built.bucket.client.list_object_versions(Bucket=built.bucket.name, Prefix=key)
    (stored,) = versions["Versions"]
    manifest = changed("globals", "version_id", to="gone")(backups[0])
    assert stored["Key"] == key
    built.put(backups[0].key, manifest)
    built.bucket.client.delete_object(Bucket=built.bucket.name, Key=key)
    assert len(functions.restore("list")["backups"]) == 3
    error = refused(lambda: functions.restore("tables"))
    require_named(str(error), key)
    assert "another backup" in error.todo

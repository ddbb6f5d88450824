from lifeboat.errors import StorageError
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.facts import (
    Problem,
    Unknown,
    Unreadable,
    backups_to_read,
    published,
    reports_to_read,
)
from tests.support.seen_bucket import (
    DAY,
    NEWEST,
    backup,
    healthy,
    location,
    marker,
    stored,
    version,
)

ERROR = StorageError("It was denied.", todo="Allow it.")


def test_a_backup_is_there_when_its_manifest_is() -> None:
    whole = location(NEWEST)
    objects = [
        version("daily/app/notes.txt", NEWEST),
        version(location(NEWEST - DAY).archive_key, NEWEST),
        marker(location(NEWEST - 4 * DAY).manifest_key, NEWEST),
        version(location(NEWEST - 5 * DAY).manifest_key, NEWEST, latest=False),
        version(whole.manifest_key, NEWEST),
    ]
    assert published(objects) == {whole: NEWEST}


def test_backups_come_newest_first_whatever_their_tier() -> None:
    objects = [each for n in (3, 0, 9) for each in stored(backup(NEWEST - n * DAY))]
    objects += stored(backup(NEWEST - 6 * DAY, tier=Tier.MANUAL))
    assert [(each.tier, each.scheduled_at.day) for each in published(objects)] == [
        ("daily", 25),
        ("weekly", 22),
        ("manual", 19),
        ("daily", 16),
    ]


def test_the_newest_few_and_the_newest_of_each_tier_are_worth_reading() -> None:
    objects = [each for n in range(40) for each in stored(backup(NEWEST - n * DAY))]
    objects += stored(backup(NEWEST - 300 * DAY, tier=Tier.MANUAL))
    chosen = backups_to_read(objects, 2)
    assert [(each.tier, (NEWEST - each.scheduled_at).days) for each in chosen] == [
        ("daily", 0),
        ("daily", 1),
        ("weekly", 3),
        ("monthly", 24),
        ("manual", 300),
    ]
    assert len(backups_to_read(objects, 100)) == 41


def test_the_newest_reports_are_worth_reading() -> None:
    keys = [f"drills/app/2026-11-{day:02}T050000Z.json" for day in (2, 23, 9, 16)]
    objects = [version(key, NEWEST) for key in keys]
    objects += [
        version("drills/app/2026-11-24T050000Z.html", NEWEST),
        marker("drills/app/2026-11-25T050000Z.json", NEWEST),
    ]
    assert reports_to_read(objects, 2) == [keys[1], keys[3]]
    early = [version(f"drills/app/2027-0{n}-01T050000Z.json", NEWEST) for n in range(1, 9)]
    assert reports_to_read([*objects, *early], 2) == [keys[1], keys[3]]


def test_errors_are_reported_in_their_own_words() -> None:
    assert Unknown.of(ERROR) == Unknown(why="It was denied.", todo="Allow it.")
    assert Problem.of("x", ERROR, database="app") == Problem(
        subject="x", why="It was denied.", todo="Allow it.", database="app"
    )
    document = Unreadable.of("k", ERROR)
    assert (document.key, document.why, document.safe) == ("k", ERROR.what, ERROR.safe)


def test_the_sample_bucket_lists_what_it_holds() -> None:
    objects = healthy(days=3).objects
    assert isinstance(objects, list)
    assert len(objects) == 9

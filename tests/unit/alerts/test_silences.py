import pytest

from lifeboat.alerts.policy.findings import Code
from lifeboat.alerts.policy.silences import Silences, acknowledging, muting, unmuting
from lifeboat.errors import EventError, StateError
from lifeboat.model.keys import SILENCES_KEY
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.monitor.policy.silence_answer import silenced
from tests.support.seen_bucket import DAY, HOUR, NOW, SETTINGS

MUTE = {"action": "mute", "database": "app", "code": "drill-failed"}


def test_it_is_stored_and_read_as_it_was() -> None:
    silences = muting(Silences(), "app", Code.DRILL_FAILED, 3, NOW)
    silences = acknowledging(silences, "", Code.LIFECYCLE_DRIFT, NOW)
    assert Silences.from_json(silences.to_json(), key=SILENCES_KEY) == silences
    with pytest.raises(StateError) as error:
        Silences.from_json(b"[]")
    assert error.value.safe == Silences.SAFE


def test_to_mute_again_changes_how_long_and_leaves_one_record() -> None:
    silences = muting(Silences(), "app", Code.DRILL_FAILED, 3, NOW)
    silences = muting(silences, "app", Code.DRILL_FAILED, 24, NOW + HOUR)
    (mute,) = silences.mutes
    assert (mute.since, mute.until) == (NOW, NOW + 25 * HOUR)
    assert not silences.hides("app", Code.DRILL_FAILED, NOW + 25 * HOUR)


def test_records_do_not_pile_up() -> None:
    silences = muting(Silences(), "app", Code.DRILL_FAILED, 1, NOW)
    silences = muting(silences, "app", Code.DRILL_ERROR, 1, NOW + 70 * DAY)
    silences = acknowledging(silences, "app", Code.DRILL_ERROR, NOW)
    silences = acknowledging(silences, "app", Code.DRILL_ERROR, NOW + HOUR)
    assert [each.code for each in silences.mutes] == ["drill-error"]
    assert [each.at for each in silences.acknowledged] == [NOW + HOUR]
    assert unmuting(silences, "app", Code.NO_DRILL, NOW + 140 * DAY).mutes == ()


def test_the_answer_says_what_is_muted_until_when() -> None:
    after, answer = silenced(Silences(), parse_monitor_event(MUTE), SETTINGS, NOW)
    assert answer.as_json() == {
        "action": "mute",
        "database": "app",
        "code": "drill-failed",
        "muted": [{"database": "app", "code": "drill-failed", "until": "2026-11-26T12:00:00Z"}],
    }
    bucket = parse_monitor_event({**MUTE, "action": "ack", "database": "-"})
    after, answer = silenced(after, bucket, SETTINGS, NOW)
    assert answer.database is None
    assert len(answer.muted) == 1
    ended = parse_monitor_event({**MUTE, "action": "unmute"})
    assert silenced(after, ended, SETTINGS, NOW + HOUR)[1].muted == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"action": "hide"}, "it may be 'mute', 'unmute', 'ack' or 'evidence'"),
        ({"action": None}, "key 'action' has null"),
        ({"hours": 169}, "it may be a whole number from 1 to 168"),
        ({"hours": 0}, "it may be a whole number from 1 to 168"),
        ({"hours": "24"}, "it may be a whole number from 1 to 168"),
        ({"code": "nothing"}, "it may be the code of a finding"),
        ({"code": None}, "key 'code' is missing"),
        ({"database": None}, "key 'database' is missing"),
        ({"days": 3}, "key 'days' is unknown"),
        ({"code": "no-subscriber"}, "Cannot mute no-subscriber: it says that messages reach"),
        ({"code": "subscription-missing"}, "Cannot mute subscription-missing"),
    ],
)
def test_what_cannot_be_muted_is_refused_with_what_can(
    changed: dict[str, object], said: str
) -> None:
    with pytest.raises(EventError) as error:
        parse_monitor_event({**MUTE, **changed})
    assert said in error.value.what


def test_a_database_that_there_is_not_is_refused_with_those_that_are() -> None:
    event = parse_monitor_event({**MUTE, "database": "ap"})
    with pytest.raises(EventError, match="'ap': there is no such database") as error:
        silenced(Silences(), event, SETTINGS, NOW)
    assert "app" in error.value.todo

"""docs/reference.md and docs/schemas/ are what the models say now, and leave nothing out."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lifeboat.alerts.policy.findings import Code
from lifeboat.model import metrics
from tests.support.documented import require_documented
from tools.reference import registries
from tools.reference.__main__ import REPOSITORY, SCHEMAS, files
from tools.reference.schemas import schemas

PAGE = Path("docs") / "reference.md"
THERE = sorted(each.relative_to(REPOSITORY) for each in (REPOSITORY / SCHEMAS).iterdir())
"""The schemas in the checkout. Each of the tests' workers collects all tests, and to make the
files takes seconds: so only the worker that runs these tests makes them.
"""


@pytest.fixture(scope="module")
def made() -> Mapping[Path, str]:
    """What `make reference` would write now."""
    return files()


def test_each_model_has_its_schema_and_none_is_left_of_a_model_that_is_gone(
    made: Mapping[Path, str],
) -> None:
    assert sorted(made) == sorted([PAGE, *THERE]), "run: make reference"


@pytest.mark.parametrize("path", [PAGE, *THERE], ids=str)
def test_every_generated_file_is_as_the_models_are_now(
    path: Path, made: Mapping[Path, str]
) -> None:
    assert (REPOSITORY / path).read_text() == made[path], "run: make reference"


def keys_of(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, each in schema.get("properties", {}).items():
        yield f"{where}.{name}", each
    for name, part in schema.get("$defs", {}).items():
        yield from keys_of(part, f"{where}/{name}")


@pytest.mark.parametrize("name", [each.name for each in THERE])
def test_every_key_is_explained(name: str) -> None:
    unexplained = [
        where for where, key in keys_of(schemas()[name], "") if not key.get("description")
    ]
    assert unexplained == []


def test_every_code_has_a_level_and_a_meaning() -> None:
    levels, meanings = registries.levels(), registries.meanings()
    assert [code for code in Code if not levels[code] or not meanings[code]] == []


def test_every_alarm_has_a_meaning() -> None:
    assert len(registries.alarms()) == 4
    assert set(registries.alarms()) <= registries.meanings().keys()


def test_every_metric_is_explained() -> None:
    names = {
        value for name, value in vars(metrics).items() if name.isupper() and isinstance(value, str)
    }
    assert names == registries.metric_meanings().keys()
    assert registries.units().keys() <= names


def test_every_function_says_in_its_log_how_it_begins_or_ends() -> None:
    said = {name for event in registries.log_events() for name in event.functions}
    assert {"backup", "drill", "restore", "monitor", "all"} <= said


def test_the_schemas_are_json(made: Mapping[Path, str]) -> None:
    for path, text in made.items():
        if path.suffix == ".json":
            assert json.loads(text)["$schema"].endswith("2020-12/schema")


ANSWER = {
    "action": "swap",
    "database": "app",
    "changed": True,
    "next_event": None,
    "skipped": [],
    "live_database": "app",
    "swapped": [{"from": "app_restored_20261122t093000z", "to": "app"}],
    "previous_database": None,
    "cleanup_sql": None,
    "rollback_sql": "BEGIN; COMMIT;",
    "notes": [],
    "seconds": 0.5,
}


def test_an_answer_as_the_reference_has_it_is_documented() -> None:
    require_documented("Lifeboat-restore", ANSWER, failed=False)
    error = {"errorType": "TargetError", "errorMessage": "x\nSafe: y\nNext: z", "stackTrace": []}
    require_documented("Lifeboat-restore", error, failed=True)
    require_documented("Lifeboat-monitor", "DATABASE ...", failed=False)


@pytest.mark.parametrize(
    ("function", "payload"),
    [
        ("Lifeboat-restore", ANSWER | {"moved_aside": "app_before"}),
        ("Lifeboat-restore", {key: value for key, value in ANSWER.items() if key != "skipped"}),
        ("Lifeboat-restore", ANSWER | {"swapped": {"app": "app_restored"}}),
        ("Lifeboat-backup-app", ANSWER),
    ],
)
def test_an_answer_with_another_key_or_one_less_is_found_out(
    function: str, payload: dict[str, Any]
) -> None:
    with pytest.raises((AssertionError, ValidationError)):
        require_documented(function, payload, failed=False)

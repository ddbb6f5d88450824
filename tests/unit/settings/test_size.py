"""How many databases a stack holds, with and without jobs."""

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import MAX_DATABASES, MAX_DATABASES_WITH_JOBS, DatabaseSettings, parse
from lifeboat.settings.size import too_many_jobs

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/app-AbCd12"


def databases(jobs: int, functions: int) -> list[dict[str, str]]:
    engines = ["auto"] * jobs + ["function"] * functions
    return [
        {"name": f"db-{number}", "secret_arn": ARN, "engine": engine}
        for number, engine in enumerate(engines)
    ]


@pytest.mark.parametrize(
    ("jobs", "functions", "excess"),
    [
        (1, 0, 0),
        (0, 36, 0),
        (1, 35, 1),
        (27, 0, 0),
        (28, 0, 4),
        (27, 1, 3),
        (24, 4, 0),
        (36, 0, 36),
    ],
)
def test_a_job_takes_room_of_the_stack(jobs: int, functions: int, excess: int) -> None:
    there = [DatabaseSettings.model_validate(each) for each in databases(jobs, functions)]

    assert too_many_jobs(there) == excess
    if excess:
        fewer = databases(jobs - excess, functions + excess)
        assert too_many_jobs([DatabaseSettings.model_validate(each) for each in fewer]) == 0


def test_an_engine_of_its_own_choice_counts_as_a_job_and_so_does_a_job() -> None:
    assert (MAX_DATABASES_WITH_JOBS, MAX_DATABASES) == (27, 36)
    for engine, has_jobs in (("auto", True), ("job", True), ("function", False)):
        database = DatabaseSettings.model_validate(databases(1, 0)[0] | {"engine": engine})
        assert database.has_jobs is has_jobs


def test_too_many_databases_with_jobs_are_refused_with_how_many_have_to_do_without() -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"lifeboat": {"databases": databases(30, 0)}})

    said = str(caught.value)
    assert '12 more of the 30 databases have engine = "function"' in said
    assert "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'" in said
    parse({"lifeboat": {"databases": databases(18, 12)}})

"""A name as messages show it is one that PostgreSQL understands, whatever is in it."""

from collections.abc import Callable

import pytest

from lifeboat.model.identifiers import quoted
from tests.support.backup_harness import MAJORS, Database
from tests.unit.model.test_identifiers import HOSTILE


@pytest.mark.parametrize("major", [MAJORS[0], MAJORS[-1]])
def test_a_statement_with_a_shown_name_means_that_name(
    major: int, new_database: Callable[..., Database]
) -> None:
    database = new_database(major, options="ENCODING 'UTF8' TEMPLATE template0")
    for name in HOSTILE:
        short = name.encode()[:60].decode(errors="ignore")
        database.run(f"CREATE TABLE {quoted(short)} (id int)")
        found = database.value("SELECT array_agg(relname::text) FROM pg_class WHERE relkind = 'r'")
        assert short in found
        database.run(f"DROP TABLE {quoted(short)}")

"""Whether another database of the server is tried is decided by a reason, not by words."""

from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.errors import ConnectError, ConnectFailure
from lifeboat.postgres.connect import open_again
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.login import Login
from lifeboat.postgres.pooler import check_endpoint
from tests.support.backup_harness import Database

LIAR = 'permission denied for database "x" does not exist'


def reason(database: Database, name: str, **login: Any) -> ConnectFailure:
    url = database.server.url(name, **login)
    with pytest.raises(ConnectError) as caught:
        open_again(Login(check_endpoint(parse_secret(url))[0]))
    return caught.value.reason


def test_only_a_refusal_by_one_database_lets_another_be_tried(
    new_database: Callable[..., Database],
) -> None:
    database = new_database()
    assert reason(database, "nowhere") is ConnectFailure.THIS_DATABASE
    assert reason(database, database.name, user=LIAR, password="x") is ConnectFailure.OTHER
    database.run("CREATE ROLE visitor LOGIN PASSWORD 'v'")
    try:
        database.run(f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC")
        visitor = reason(database, database.name, user="visitor", password="v")
        assert visitor is ConnectFailure.THIS_DATABASE
        with database.server.admin() as admin:
            admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false".encode())
        assert reason(database, database.name) is ConnectFailure.THIS_DATABASE
    finally:
        with database.server.admin() as admin:
            admin.execute("DROP ROLE visitor")

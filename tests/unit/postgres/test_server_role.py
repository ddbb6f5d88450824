"""What the driver raises is told in the words of what the server is to the run."""

import psycopg
import pytest

from lifeboat.drill.run import TARGET as DRILLED
from lifeboat.errors import ConnectError, ServerError, StatementError
from lifeboat.postgres.connect import SOURCE, ServerRole, speaking_to
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.login import Login
from lifeboat.restore.run import TARGET as RESTORED

LOGIN = Login(parse_secret("postgresql://ann:hunter2@db.example.com/app?sslmode=require"), None)


def told(error: Exception, server: ServerRole) -> ServerError:
    with pytest.raises(ServerError) as caught, speaking_to(LOGIN, server):
        raise error
    return caught.value


@pytest.mark.parametrize("server", [SOURCE, DRILLED, RESTORED], ids=lambda each: each.name)
def test_a_broken_connection_names_the_server_and_no_password(server: ServerRole) -> None:
    error = told(psycopg.OperationalError("lost hunter2"), server)
    assert isinstance(error, StatementError)
    assert error.what.startswith(f"{server.name} refused a statement or the connection broke: lost")
    assert error.todo == server.again
    assert "hunter2" not in str(error)


def test_a_privilege_that_is_lacking_is_reported_with_who_lacks_it() -> None:
    lacking = psycopg.errors.InsufficientPrivilege("permission denied")
    assert 'ALTER ROLE "ann" CREATEDB;' in told(lacking, DRILLED).todo
    assert "Give `target` the secret" in told(lacking, RESTORED).todo
    assert told(lacking, SOURCE).todo == SOURCE.again


def test_what_is_an_error_of_ours_already_stays_itself() -> None:
    error = ConnectError("x", todo="y", final=True)
    assert told(error, RESTORED) is error

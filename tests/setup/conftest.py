"""Servers with roles like a provider's, the local AWS, and a person who types."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pexpect
import psutil
import psycopg
import pytest
from psycopg import sql

from layers.target import Platform
from lifeboat_cli.main import main
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.support.ctrl_c import heed_ctrl_c

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "Bait: s3cr3t/&?%_of'the\"owner"
MARK = "s3cr3t"


@dataclass(frozen=True)
class Provider:
    """A server on which nobody but the provider is a superuser.

    Attributes:
        owner: a role like Neon's or Supabase's: it may make roles and databases, and no more.
    """

    server: PostgresServer
    owner: str

    def create(self, name: str, *statements: str) -> str:
        """A database of the owner's; gives the owner's URL of it."""
        with self.server.admin() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(self.owner)
                )
            )
        url = self.server.url(database=name, user=self.owner, password=PASSWORD)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
        return url

    def roles(self) -> set[str]:
        """Those that somebody made on the server."""
        with self.server.admin() as connection:
            return {
                str(row[0])
                for row in connection.execute(
                    "SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'"
                )
            }


def provider(server: PostgresServer, owner: str, *, grants: bool = True) -> Provider:
    """Make the owner, with the right to grant reading if the provider gives that."""
    with server.admin() as connection:
        connection.execute("SET log_statement = 'none'")  # what the provider does is not logged
        role = sql.Identifier(owner)
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(
                role, sql.Literal(PASSWORD)
            )
        )
        for granted in ("pg_read_all_data", "pg_signal_backend") if grants else ():
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(granted), role)
            )
    return Provider(server, owner)


@pytest.fixture(scope="session")
def modern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """PostgreSQL 18, which logs what changes definitions and roles, as many providers do."""
    root = tmp_path_factory.mktemp("modern")
    with PostgresServer.start(major=18, root=root, settings={"log_statement": "ddl"}) as server:
        yield provider(server, "neondb_owner")


@pytest.fixture(scope="session")
def old(server_of: Callable[[int], PostgresServer]) -> Provider:
    """PostgreSQL 14."""
    return provider(server_of(14), "old_owner")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings' file that somebody has begun."""
    file = tmp_path / "lifeboat.tried.toml"
    architecture = Platform.of_host().architecture
    file.write_text(f'# mine\nstack_name = "Tried"\narchitecture = "{architecture}"\n')
    return file


@dataclass
class Person:
    """Somebody at a terminal.

    Attributes:
        environment: of the terminal.
        seen: everything that the terminal has shown.
    """

    environment: dict[str, str]
    seen: str = ""
    _child: "pexpect.spawn[str] | None" = field(default=None, repr=False)

    def types_command(self, *arguments: str) -> None:
        """Start `lifeboat`."""
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "lifeboat_cli", *arguments],
            cwd=str(REPOSITORY),
            env=self.environment,
            encoding="utf-8",
            timeout=240,
            dimensions=(50, 100),
            preexec_fn=heed_ctrl_c,
        )

    def reads(self, *texts: str) -> None:
        """Wait until each text is there, one after the other."""
        assert self._child
        for text in texts:
            found = self._child.expect_exact([text, pexpect.EOF, pexpect.TIMEOUT])
            self._keep()
            assert found == 0, f"{text!r} is not in: {self.seen[-3000:]}"

    def answers(self, question: str, text: str) -> None:
        """Type an answer, when the question is there."""
        self.reads(question)
        assert self._child
        self._child.sendline(text)

    def interrupts(self) -> None:
        """Press Ctrl-C."""
        assert self._child
        self._child.sendintr()

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        assert self._child
        self._child.expect(pexpect.EOF)
        self._keep()
        self._child.close()
        return int(self._child.exitstatus or 0)

    def _keep(self) -> None:
        assert self._child
        after = self._child.after
        self.seen += f"{self._child.before}{after if isinstance(after, str) else ''}"


@pytest.fixture
def person(account: LocalAws) -> Person:
    """Somebody who may do everything in the account."""
    return Person(account.environment() | {"TERM": "xterm", "LANG": "C.UTF-8"})


@dataclass
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def plan(self) -> str:
        """What was shown, as if no line had an end."""
        return " ".join(self.out.split())

    @property
    def all(self) -> str:
        """Both streams."""
        return self.out + self.err


type Command = Callable[..., Said]


@pytest.fixture
def lifeboat(
    account: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command in this process, without a terminal; keywords are its environment."""
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(account.ca_file))

    def run(*arguments: str, **environment: str) -> Said:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main([*arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


class Onlooker:
    """Another user of the machine, who reads the arguments of all programs."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            for process in psutil.process_iter(["cmdline"]):
                self.seen.update(process.info["cmdline"] or ())


@pytest.fixture
def onlooker() -> Iterator[Onlooker]:
    with Onlooker() as looking:
        yield looking


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """No test leaves a URL in the environment of the next one."""
    yield
    for name in ("LIFEBOAT_ADMIN_URL", "LIFEBOAT_READING_URL", "LIFEBOAT_RESTORING_URL"):
        os.environ.pop(name, None)

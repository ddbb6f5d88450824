"""Stand-ins for `aws` and `psql`, which people have and this project doesn't depend on.

They are little programs on PATH, so that a real bash runs a page's commands with all their quotes
and pipes; what they do is done in the test's process, whose clients are there already.
"""

import re
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.aws_commands import Said

#: Runs a program's command line in a directory, with what comes by standard input.
type Program = Callable[[Sequence[str], Path, bytes], Said]

_CLIENT = """#!{interpreter} -IS
import os, sys
from multiprocessing.connection import Client
asks = ("/dev/stdin", "FROM STDIN", "\\\\password")
wanted = any(word in argument for word in asks for argument in sys.argv)
stdin = sys.stdin.buffer.read() if wanted else b""
with Client({address!r}, "AF_UNIX") as connection:
    connection.send(({program!r}, sys.argv[1:], os.getcwd(), stdin))
    out, err, code, opened = connection.recv()
for name, text in opened.items():
    with open(name, "w") as stream:
        stream.write(text)
sys.stdout.write(out)
sys.stdout.flush()
sys.stderr.write(err)
sys.exit(code)
"""


@dataclass
class Terminal:
    """A bash in an empty directory, with stand-ins first on its PATH.

    Attributes:
        directory: where commands run.
        path: where programs are looked for.
        variables: of the environment.
    """

    directory: Path
    path: Sequence[Path]
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, stdin: str = "", codes: Container[int] = (0,)) -> str:
        """What a script writes.

        Args:
            script: for bash.
            stdin: what is typed.
            codes: the exit codes with which it may end.

        Raises:
            AssertionError: it ended otherwise; has the code, and all that it wrote.
        """
        done = self.ended("bash", "-euo", "pipefail", "-c", script, stdin=stdin)
        said = f"{script}\n{done.stdout}{done.stderr}exit code {done.returncode}"
        assert done.returncode in codes, said
        return done.stdout

    def ended(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What a command wrote, and how it ended."""
        return subprocess.run(
            command,
            cwd=self.directory,
            env={"PATH": ":".join(map(str, self.path)), "LC_ALL": "C.UTF-8", **self.variables},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@contextmanager
def terminal(
    programs: Mapping[str, Program],
    others: Sequence[Path],
    directory: Path,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """A terminal in which these programs are there, our own one, and those in other directories.

    Args:
        programs: by the names that they are called by.
        others: directories of real ones.
        directory: where commands run.
        variables: of the environment.
    """
    with tempfile.TemporaryDirectory(prefix="lifeboat-cli-") as place:
        address = f"{place}/calls"
        for name in programs:
            client = Path(place, name)
            client.write_text(
                _CLIENT.format(interpreter=sys.executable, address=address, program=name)
            )
            client.chmod(client.stat().st_mode | stat.S_IXUSR)
        Path(place, "python3").symlink_to(sys.executable)
        Path(place, "lifeboat").symlink_to(Path(sys.executable).with_name("lifeboat"))
        with Listener(address, "AF_UNIX") as listener:
            server = threading.Thread(target=_serve, args=(listener, programs))
            server.start()
            try:
                path = [Path(place), *others, Path("/usr/bin"), Path("/bin")]
                yield Terminal(directory, path, dict(variables or {}))
            finally:
                with Client(address, "AF_UNIX") as last:
                    last.send(None)
                server.join()


def _serve(listener: Listener, programs: Mapping[str, Program]) -> None:
    """Answer each call in a thread of its own: in a pipe, programs run side by side."""
    answering: list[threading.Thread] = []
    while True:
        connection = listener.accept()
        call = connection.recv()
        if call is None:
            break
        answering.append(threading.Thread(target=_answer, args=(connection, programs, *call)))
        answering[-1].start()
    for each in answering:
        each.join()


def _answer(
    connection: Connection,
    programs: Mapping[str, Program],
    name: str,
    argv: list[str],
    directory: str,
    stdin: bytes,
) -> None:
    with connection:
        said = programs[name](argv, Path(directory), stdin)
        connection.send((said.out, said.err, said.code, said.opened))


def psql(argv: Sequence[str], directory: Path, stdin: bytes) -> Said:
    """What psql does with `-c` and `-f`: rows as `a|b`, and errors in a file don't end it."""
    options = iter(argv)
    url, said = None, Said()
    todo: list[tuple[str, bool]] = []
    for word in options:
        match word:
            case "-c":
                todo.append((next(options), True))
            case "-f":
                script = (directory / next(options)).read_text()
                todo += [(each, False) for each in _statements(script)]
            case _ if word.startswith("-") or url:
                return Said(err=f"psql: this stand-in doesn't know {word}\n", code=2)
            case _:
                url = word
    try:
        with psycopg.connect(url or "", autocommit=True) as connection:
            for statements, fatal in todo:
                try:
                    _execute(connection, statements, stdin, said)
                except psycopg.Error as error:
                    if fatal:
                        raise
                    said.err += f"psql: ERROR: {error}\n"
    except psycopg.Error as error:
        said.err, said.code = f"{said.err}psql: ERROR: {error}\n", 1
    return said


def _statements(script: str) -> list[str]:
    """Those of a script, without comments and psql's own commands."""
    lines = [line for line in script.splitlines() if not re.match(r"\\|--", line)]
    return [each for each in re.split(r";\s*\n", "\n".join(lines) + "\n") if each.strip()]


def _execute(connection: psycopg.Connection, statements: str, stdin: bytes, said: Said) -> None:
    if role := re.fullmatch(r"\\password (\w+)", statements):
        _set_password(connection, role[1], stdin.decode().splitlines())
        return
    if re.match(r"COPY .* (TO STDOUT|FROM STDIN)", statements, re.DOTALL):
        with connection.cursor() as cursor, cursor.copy(statements) as copy:
            if " FROM STDIN" in statements:
                copy.write(stdin)
            else:
                said.out += b"".join(bytes(each) for each in copy).decode()
        return
    cursor = connection.execute(statements)
    while True:
        if cursor.description:
            said.out += "".join(
                "|".join("" if value is None else str(value) for value in row) + "\n"
                for row in cursor
            )
        else:
            said.out += f"{cursor.statusmessage}\n"
        if not cursor.nextset():
            return


def _set_password(connection: psycopg.Connection, role: str, typed: list[str]) -> None:
    """As psql's own command does: only a hash of what was typed twice gets to the server."""
    first, again = typed
    if first != again:
        raise psycopg.Error("Passwords didn't match.")
    hashed = connection.pgconn.encrypt_password(first.encode(), role.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(hashed.decode())))

"""What hostile SQL tries from inside of the drill's server, as its superuser. Not a test.

Each attempt is SQL that any archive could hold. It gives what it got as text; an error is none.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

PLANTED = "planted-by-an-archive"


@dataclass(frozen=True)
class Scene:
    """The inside of a function or a job in which a drill's server runs.

    Attributes:
        root: its file system, seen from outside.
        run: the run's directory, seen from inside.
        handler: the process id of the function's or the job's handler, inside.
        code: one of the files of Lifeboat's own code, inside.
        secret: the variable that gives the credentials away, and what follows its name.
        port: where somebody listens on 127.0.0.1, inside as outside.
        shared_library: an ELF file whose loading makes the file `loaded` in the working directory.
        connect: opens a session of a user of the server.
        superuser: the only one that the server has.
    """

    root: Path
    run: str
    handler: int
    code: str
    secret: str
    port: int
    shared_library: bytes
    connect: Callable[[str], psycopg.Connection]
    superuser: str

    def outside(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    @property
    def data(self) -> str:
        return f"{self.run}/data"

    def ask(self, query: str, *values: object) -> str:
        """The values of all rows, or nothing when the server refuses."""
        with self.connect(self.superuser) as session, suppress(psycopg.Error):
            rows = session.execute(query, values).fetchall()
            return "\n".join(str(value) for row in rows for value in row)
        return ""

    def do(self, *statements: str) -> bool:
        """Whether the server did all of them."""
        with self.connect(self.superuser) as session, suppress(psycopg.Error):
            for statement in statements:
                session.execute(statement)
            return True
        return False

    def export(self, content: bytes, path: str) -> bool:
        """Whether the server wrote a large object of this content there."""
        number = self.ask("SELECT lo_from_bytea(0, %s)", content)
        return bool(self.ask("SELECT lo_export(%s::oid, %s)", number, path))


_READ = """
CREATE FUNCTION pg_temp.peek(path text, start bigint, most bigint) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RETURN encode(pg_read_binary_file(path, start, most), 'escape');
EXCEPTION WHEN OTHERS THEN RETURN '(' || SQLERRM || ')'; END $$;
CREATE FUNCTION pg_temp.pids() RETURNS SETOF text LANGUAGE plpgsql
AS $$ BEGIN RETURN QUERY SELECT n FROM pg_ls_dir('/proc') n WHERE n ~ '^[0-9]+$';
EXCEPTION WHEN OTHERS THEN RETURN QUERY SELECT i::text FROM generate_series(1, 300) i; END $$;
"""


def _peek(scene: Scene, query: str) -> str:
    with scene.connect(scene.superuser) as session:
        session.execute(_READ)
        return "\n".join(str(row[0]) for row in session.execute(query))


def environments(scene: Scene) -> bool:
    found = _peek(
        scene, "SELECT pg_temp.peek('/proc/' || n || '/environ', 0, 100000) FROM pg_temp.pids() n"
    )
    return scene.secret in found


def own_environment_by_another_name(scene: Scene) -> bool:
    found = _peek(scene, "SELECT pg_temp.peek('/proc/self/root/proc/2/environ', 0, 100000)")
    return scene.secret in found


def memory(scene: Scene) -> bool:
    """The stack of every process, where the kernel puts its environment."""
    stacks = r"""
    SELECT pg_temp.peek('/proc/' || n || '/mem',
                        ('x' || lpad(m[1], 16, '0'))::bit(64)::bigint,
                        ('x' || lpad(m[2], 16, '0'))::bit(64)::bigint
                        - ('x' || lpad(m[1], 16, '0'))::bit(64)::bigint)
    FROM pg_temp.pids() n,
         regexp_matches(pg_temp.peek('/proc/' || n || '/maps', 0, 1000000),
                        '([0-9a-f]+)-([0-9a-f]+) [^\n]*\[stack\]') m
    """
    return scene.secret in _peek(scene, stacks)


def the_archive(scene: Scene) -> bool:
    return "PGDMP" in _peek(scene, f"SELECT pg_temp.peek('{scene.run}/archive.dump', 0, 5)")


def the_functions_code(scene: Scene) -> bool:
    return "LifeboatError" in _peek(scene, f"SELECT pg_temp.peek('{scene.code}', 0, 100000)")


def the_systems_files(scene: Scene) -> bool:
    return "localhost" in _peek(scene, "SELECT pg_temp.peek('/etc/hosts', 0, 100000)")


def other_directories(scene: Scene) -> bool:
    return "lifeboat-run-" in scene.ask("SELECT string_agg(n, ' ') FROM pg_ls_dir('/tmp') n")


def a_program_that_is_fed(scene: Scene) -> bool:
    scene.do(f"COPY (SELECT 1) TO PROGRAM 'echo x > {scene.data}/fed'")
    return scene.outside(f"{scene.data}/fed").exists()


def a_program_that_is_read(scene: Scene) -> bool:
    done = scene.do(
        "CREATE TABLE IF NOT EXISTS said (line text)", "COPY said FROM PROGRAM 'echo it ran'"
    )
    return done and "it ran" in scene.ask("SELECT line FROM said")


def a_program_of_a_foreign_table(scene: Scene) -> bool:
    done = scene.do(
        "CREATE EXTENSION IF NOT EXISTS file_fdw",
        "CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE spoken (line text) SERVER files OPTIONS (program 'echo it ran')",
    )
    return done and "it ran" in scene.ask("SELECT line FROM spoken")


def a_file_of_a_foreign_table(scene: Scene) -> bool:
    done = scene.do(
        "CREATE EXTENSION IF NOT EXISTS file_fdw",
        "CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE hosts (line text) SERVER files"
        " OPTIONS (filename '/etc/hosts', format 'text', delimiter '~')",
    )
    return done and "localhost" in scene.ask("SELECT line FROM hosts")


def a_file_written_over(scene: Scene) -> bool:
    """The archive itself, which the next step of the drill reads again."""
    path = f"{scene.run}/archive.dump"
    true = scene.outside(path).read_bytes()
    scene.export(b"no archive", path)
    changed = scene.outside(path).read_bytes() != true
    if changed:
        scene.outside(path).write_bytes(true)
    return changed


def a_file_planted(scene: Scene) -> bool:
    """Where the programs of the next drill look for a password file."""
    scene.do("COPY (SELECT 'x') TO '/tmp/.pgpass'")
    return _removed(scene.outside("/tmp/.pgpass"))  # noqa: S108


def a_file_planted_by_an_extension(scene: Scene) -> bool:
    scene.do(
        "CREATE EXTENSION IF NOT EXISTS adminpack",
        "SELECT pg_file_write('/tmp/adminpack', 'x', false)",
    )
    return _removed(scene.outside("/tmp/adminpack"))  # noqa: S108


def a_directory_taken(scene: Scene) -> bool:
    """A tablespace in the run's directory: the server changes the mode and makes folders in it."""
    place = scene.outside(f"{scene.run}/space")
    place.mkdir()
    place.chmod(0o777)
    scene.do(f"CREATE TABLESPACE space LOCATION '{scene.run}/space'")
    return any(place.iterdir())


def the_handlers_output(scene: Scene) -> bool:
    """Anything written there is a line of the function's log."""
    return scene.do(f"COPY (SELECT '{PLANTED}') TO '/proc/{scene.handler}/fd/1'")


def a_library_loaded(scene: Scene) -> bool:
    scene.export(scene.shared_library, f"{scene.data}/evil.so")
    scene.do(f"LOAD '{scene.data}/evil.so'")
    return _removed(scene.outside(f"{scene.data}/loaded"))


def a_library_of_a_function(scene: Scene) -> bool:
    scene.export(scene.shared_library, f"{scene.data}/base/evil.so")
    scene.do(f"CREATE FUNCTION evil() RETURNS int LANGUAGE c AS '{scene.data}/base/evil', 'evil'")
    return _removed(scene.outside(f"{scene.data}/loaded"))


def a_library_of_every_session(scene: Scene) -> bool:
    scene.export(scene.shared_library, f"{scene.data}/session.so")
    scene.do(
        "CREATE ROLE victim LOGIN",
        f"ALTER ROLE victim SET session_preload_libraries = '{scene.data}/session.so'",
    )
    with suppress(psycopg.Error):
        scene.connect("victim").close()
    return _removed(scene.outside(f"{scene.data}/loaded"))


def a_network_connection(scene: Scene) -> bool:
    """Reached, even if who listens there is no PostgreSQL: Lambda's runtime API is not."""
    scene.do(
        "CREATE EXTENSION IF NOT EXISTS dblink",
        f"SELECT dblink_connect('host=127.0.0.1 port={scene.port} connect_timeout=2')",
    )
    return True  # the listener is asked


def a_network_connection_of_a_foreign_table(scene: Scene) -> bool:
    scene.do(
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw",
        "CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw"
        f" OPTIONS (host '127.0.0.1', port '{scene.port}', connect_timeout '2')",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER production OPTIONS (password 'x')",
        "CREATE FOREIGN TABLE there (x int) SERVER production",
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM there",
    )
    return True


def a_session_of_the_superuser(scene: Scene) -> bool:
    """Back into the server itself, were it to trust whoever gets to its socket."""
    scene.do("CREATE EXTENSION IF NOT EXISTS dblink")
    return scene.superuser in scene.ask(
        "SELECT who FROM dblink(%s::text, 'SELECT current_user::text') AS t(who text)",
        f"host={scene.run}/socket user={scene.superuser} dbname=postgres",
    )


def _removed(path: Path) -> bool:
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


READING = (
    environments,
    own_environment_by_another_name,
    memory,
    the_archive,
    the_functions_code,
    the_systems_files,
    other_directories,
    a_file_of_a_foreign_table,
)
RUNNING = (
    a_program_that_is_fed,
    a_program_that_is_read,
    a_program_of_a_foreign_table,
    a_library_loaded,
    a_library_of_a_function,
    a_library_of_every_session,
)
WRITING = (
    a_file_written_over,
    a_file_planted,
    a_file_planted_by_an_extension,
    a_directory_taken,
    the_handlers_output,
)
REACHING = (a_session_of_the_superuser,)
CALLING = (a_network_connection, a_network_connection_of_a_foreign_table)

ATTEMPTS: Mapping[str, Callable[[Scene], bool]] = {
    attempt.__name__: attempt for attempt in (*READING, *RUNNING, *WRITING, *REACHING)
}

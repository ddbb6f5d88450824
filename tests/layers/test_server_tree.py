import platform
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from layers.closure import problems
from layers.postgres import MAJORS, server, server_tree
from layers.postgres.server import SERVER_PROGRAMS
from layers.target import Platform
from lifeboat.errors import LayerError
from local.postgres import PostgresServer

CONTRIB = {
    *(
        "btree_gin",
        "btree_gist",
        "citext",
        "dblink",
        "fuzzystrmatch",
        "hstore",
        "intarray",
        "ltree",
    ),
    *("pg_stat_statements", "pg_trgm", "pgcrypto", "plpgsql", "postgres_fdw", "unaccent"),
}


@pytest.mark.parametrize("major", MAJORS)
def test_every_server_program_is_there_and_runs(servers: Path, major: int) -> None:
    programs = servers / str(major) / "bin"
    assert {path.name for path in programs.iterdir()} == set(SERVER_PROGRAMS)

    for program in programs.iterdir():
        done = subprocess.run(
            [program, "--version"], env={}, check=True, capture_output=True, text=True
        )
        assert done.stdout.startswith(f"{program.name} (PostgreSQL) {major}.")


def test_the_servers_are_closed_too(servers: Path) -> None:
    assert list(problems(servers, Platform.of_host().architecture)) == []


def test_everyone_may_read_and_run_them(servers: Path) -> None:
    for path in [servers, *servers.rglob("*")]:
        wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
        assert path.stat().st_mode & 0o777 == wanted, path


@pytest.mark.parametrize("major", MAJORS)
def test_a_server_has_all_its_contrib_modules_and_the_layers_pg_dump_reads_it_over_tls(
    servers: Path, host_programs: Path, major: int, tmp_path: Path
) -> None:
    assert servers.is_dir()
    with PostgresServer.start(major=major, root=tmp_path, tls=True) as server:
        with server.admin() as connection:
            created = create_all_extensions(connection)
            connection.execute("CREATE TABLE seen (at timestamptz, word citext)")
            connection.execute("INSERT INTO seen VALUES ('2026-11-22 02:00 Europe/Berlin', 'Ahoy')")
        archive = dump(host_programs / str(major) / "bin", server)
        listing = subprocess.run(
            [host_programs / str(major) / "bin/pg_restore", "-f", "-"],
            input=archive,
            check=True,
            capture_output=True,
        ).stdout.decode()

    assert created >= CONTRIB
    assert "\tAhoy\n" in listing
    assert all(
        f"CREATE EXTENSION IF NOT EXISTS {name} " in listing for name in CONTRIB - {"plpgsql"}
    )


def create_all_extensions(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM pg_available_extensions ORDER BY name").fetchall()
    for (name,) in rows:
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(sql.Identifier(name))
        )
    return {name for (name,) in rows}


def dump(programs: Path, server: PostgresServer) -> bytes:
    url = server.url(sslmode="verify-full", sslrootcert=str(server.ca_file))
    return subprocess.run(
        [programs / "pg_dump", "--format=custom", url],
        env={"PATH": "/usr/bin:/bin", "PGGSSENCMODE": "disable"},
        check=True,
        capture_output=True,
    ).stdout


def test_only_the_majors_asked_for_are_built(fresh_build: Path) -> None:
    root = server_tree([15], build=fresh_build)

    assert [path.name for path in root.iterdir() if path.is_dir()] == ["15"]

    assert server_tree([15, 16], build=fresh_build) == root
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == ["15", "16"]


def test_a_major_that_nobody_packages_is_named_with_the_ones_there_are(fresh_build: Path) -> None:
    with pytest.raises(LayerError, match="PostgreSQL 13") as caught:
        server_tree([13], build=fresh_build)

    assert "14, 15, 16, 17, 18" in caught.value.todo


def test_a_machine_without_time_zones_is_reported_with_what_to_install(
    fresh_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.postgres.server._ZONEINFO", tmp_path / "zoneinfo")

    with pytest.raises(LayerError) as caught:
        server_tree([18], build=fresh_build)

    assert "tzdata" in caught.value.todo


def test_a_machine_without_wheels_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Windows")

    with pytest.raises(LayerError, match="no PostgreSQL build for Windows"):
        server_tree([18])


def test_on_a_mac_the_tree_has_the_same_programs_and_their_own_libraries(
    fresh_build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    counters: list[Platform] = []  # the compiler that it would take runs on a Mac only
    monkeypatch.setattr(server, "compile_counter", lambda _, on, *__, **___: counters.append(on))

    root = server_tree([18], build=fresh_build)

    assert counters == [Platform.MACOS_ARM64]
    assert {path.name for path in root.glob("18/bin/*")} == set(SERVER_PROGRAMS)
    assert (root / "18/bin/postgres").read_bytes()[:4] == bytes.fromhex("cffaedfe")  # Mach-O
    libraries = {path.name for path in root.glob("18/lib/*")}
    assert libraries >= {"libpq.5.dylib", "libssl.3.dylib", "libcrypto.3.dylib", "hstore.dylib"}
    assert (root / "18/share/postgres.bki").is_file()

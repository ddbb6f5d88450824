"""The server layer's programs, run on this machine from where they lie, as a drill runs them."""

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from layers.postgres import MAJORS
from layers.postgres.extensions import STAND_IN_LIST
from layers.target import Architecture, Platform
from local.postgres import MAX_PARENT_BYTES
from local.run_as import UnprivilegedUser
from local.supervised_process import SupervisedProcess
from tests.layers.test_server_layer import WITH_VECTOR
from tests.layers.test_server_tree import CONTRIB, create_all_extensions

pytestmark = pytest.mark.skipif(
    not Platform.of_host().is_linux, reason="the layer's servers are for Linux"
)

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": "",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "timezone": "UTC",
    "restart_after_crash": "on",
}


@dataclass(frozen=True)
class Server:
    """A running server of the layer."""

    major: int
    home: Path
    zones: Path

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.home), user="postgres", dbname="postgres", autocommit=True
        )

    def ask(self, question: LiteralString, *values: object) -> tuple[object, ...]:
        with self.connect() as connection:
            row = connection.execute(question, values).fetchone()
        assert row is not None
        return row


@pytest.fixture(scope="module", params=MAJORS)
def server(
    request: pytest.FixtureRequest, server_layers: dict[Architecture, Path]
) -> Iterator[Server]:
    major: int = request.param
    layer = server_layers[Platform.of_host().architecture] / "lib/postgresql"
    account = UnprivilegedUser.of_caller()
    home = account.make_home("lifeboat-layer-", None, MAX_PARENT_BYTES)
    others = [str(each) for each in MAJORS if each != major]
    root = account.within_reach(layer, home, without=others)
    make_cluster(root, major, home, account)
    supervised = SupervisedProcess(
        [
            # In its data directory, where it looks for time zones.
            *("/usr/bin/env", "-C", str(home / "data"), str(root / f"{major}/bin/postgres")),
            *("-D", str(home / "data"), "-k", str(home)),
            *(word for setting in SETTINGS.items() for word in ("-c", "=".join(setting))),
        ],
        owns=home,
        env=ENVIRONMENT,
        user=account.name,
    )
    try:
        until_ready(home, supervised)
        yield Server(major, home, root / "zoneinfo")
    finally:
        supervised.stop()


def make_cluster(root: Path, major: int, home: Path, account: UnprivilegedUser) -> None:
    (home / "zoneinfo").symlink_to(root / "zoneinfo")
    account.receive(home)
    subprocess.run(
        [
            root / f"{major}/bin/initdb",
            *("-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *("--locale=C", "--no-sync"),
        ],
        env=ENVIRONMENT,
        cwd=home,
        **account.identity(),
        check=True,
        capture_output=True,
    )
    (home / "data/zoneinfo").symlink_to(root / "zoneinfo")


def until_ready(home: Path, supervised: SupervisedProcess) -> None:
    file = home / "data/postmaster.pid"
    deadline = time.monotonic() + 30
    while not (file.exists() and "ready" in file.read_text()):
        assert time.monotonic() < deadline, supervised.log_tail()
        assert not supervised.ended(), supervised.log_tail()
        time.sleep(0.02)


def test_it_knows_the_layers_time_zones(server: Server) -> None:
    (names,) = server.ask("SELECT array_agg(name) FROM pg_timezone_names")
    (berlin,) = server.ask("SELECT '2026-07-01 12:00Z'::timestamptz AT TIME ZONE 'Europe/Berlin'")
    files = {path for path in server.zones.rglob("*") if path.is_file()}

    assert {*names} == {str(path.relative_to(server.zones)) for path in files}  # type: ignore[misc]
    assert str(berlin) == "2026-07-01 14:00:00"


def test_every_extension_in_it_can_be_created(server: Server) -> None:
    with server.connect() as connection:
        created = create_all_extensions(connection)

    has_vector = server.major in WITH_VECTOR[Platform.of_host().architecture]
    assert created >= CONTRIB | {"uuid-ossp"}
    assert ("vector" in created) == has_vector


def test_the_stand_in_for_uuid_ossp_names_things_as_the_original_does(server: Server) -> None:
    assert "uuid-ossp" in (server.zones.parent / STAND_IN_LIST).read_text().splitlines()
    server_uuid(server)
    # Around the lengths at which SHA-1 needs one block more, a namespace having 16 bytes.
    names = ["", "lifeboat.example", "naïve €", *("x" * length for length in (38, 39, 40, 47, 48))]
    for namespace in (uuid.NAMESPACE_DNS, uuid.uuid4()):
        for name in (*names, "long" * 500):
            given = server.ask(
                "SELECT uuid_generate_v3(%s, %s), uuid_generate_v5(%s, %s)",
                *(namespace, name, namespace, name),
            )
            assert given == (uuid.uuid3(namespace, name), uuid.uuid5(namespace, name)), name


def test_the_stand_in_for_uuid_ossp_has_its_constants_and_random_values(server: Server) -> None:
    server_uuid(server)
    constants = server.ask(
        "SELECT uuid_nil(), uuid_ns_dns(), uuid_ns_url(), uuid_ns_oid(), uuid_ns_x500()"
    )
    random = server.ask(
        "SELECT uuid_generate_v1(), uuid_generate_v1mc(), uuid_generate_v4(), uuid_generate_v4()"
    )

    assert constants == (
        *(uuid.UUID(int=0), uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL),
        *(uuid.NAMESPACE_OID, uuid.NAMESPACE_X500),
    )
    assert len({*random}) == len(random)


def server_uuid(server: Server) -> None:
    with server.connect() as connection:
        connection.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')


def test_vectors_can_be_indexed_and_searched_where_pgvector_is(server: Server) -> None:
    if server.major not in WITH_VECTOR[Platform.of_host().architecture]:
        (found,) = server.ask("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        assert found == 0
        return
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(
            "CREATE TABLE place AS SELECT ARRAY[i, i % 7, -i]::vector(3) AS at"
            " FROM generate_series(1, 500) AS i"
        )
        connection.execute("CREATE INDEX ON place USING hnsw (at vector_l2_ops)")
        connection.execute("CREATE INDEX ON place USING ivfflat (at vector_cosine_ops)")
    nearest = "SELECT at::text FROM place ORDER BY at <-> '[99.9, 1.2, -100]' LIMIT 1"

    assert server.ask(nearest) == ("[100,2,-100]",)


def test_it_takes_no_segment_from_the_system(server: Server) -> None:
    """The server's own note of its segment is a line "key id" in postmaster.pid."""
    key = (server.home / "data/postmaster.pid").read_text().splitlines()[6].split()[0]
    listing = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]

    assert int(key) > 0
    assert key not in {line.split()[0] for line in listing}


def test_it_comes_back_when_one_of_its_processes_was_killed(server: Server) -> None:
    with server.connect() as victim:
        os.kill(victim.info.backend_pid, 9)
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")

    assert answers(server, within=60)


def answers(server: Server, *, within: float) -> bool:
    """Whether it answers, once it has recovered."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            return server.ask("SELECT 1") == (1,)
        except psycopg.OperationalError:
            time.sleep(0.05)
    return False

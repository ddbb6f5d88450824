"""Large objects and large rows: what is known of them before they are too much."""

import pytest

from lifeboat.errors import CapacityError
from tests.support.backup_harness import BackupHarness
from tests.support.proxy import Proxy

OBJECTS = 2_000


@pytest.fixture
def stocked(backups: BackupHarness) -> BackupHarness:
    backups.database.run(f"SELECT lo_from_bytea(0, 'x') FROM generate_series(1, {OBJECTS})")
    return backups


def test_large_objects_that_the_network_gives_no_time_for_are_refused_beforehand(
    stocked: BackupHarness,
) -> None:
    port = stocked.database.server.port
    with Proxy("127.0.0.1", port) as proxy:
        stocked.secret = stocked.database.url.replace(f":{port}/", f":{proxy.port}/")
        stocked.seconds = 60.0
        proxy.slow(0.01)
        with pytest.raises(CapacityError, match="can't read 2,000 large objects in time"):
            stocked.take()
    stocked.assert_nothing_was_published()


def test_as_many_large_objects_of_a_near_server_are_backed_up(stocked: BackupHarness) -> None:
    manifest = stocked.take().manifest
    assert manifest.inventory.large_objects == OBJECTS
    assert manifest.large_object_reads is not None
    assert manifest.large_object_reads.objects == OBJECTS
    assert not any("large objects" in note for note in manifest.notes)


def test_the_manifest_names_the_largest_row(backups: BackupHarness) -> None:
    archive = backups.take().manifest.archive
    assert archive.largest_row_bytes == len("1000\tuser1000@example.com\n")
    assert archive.largest_row_table == "public.users"

"""What S3 sends to a drill or a restore is cut short or changed on its way."""

import pytest

from lifeboat.errors import StorageError, VerificationError
from lifeboat.model.drill_report import Verdict
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness, databases
from tests.support.s3_faults import altered, answer, flipped, planned

pytestmark = pytest.mark.fault("S3")

#: What is read before the archive: the manifest, and by a restore also the roles.
BEFORE_A_DRILLS = 1
BEFORE_A_RESTORES = 2


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def test_a_download_that_is_cut_short_is_taken_up_again(drills: DrillHarness) -> None:
    drills.backups.take()
    client = drills.backups.bucket.client
    with planned(client, "GetObject", altered(client, half), times=1, after=BEFORE_A_DRILLS):
        assert drills.hold().verdict is Verdict.PROVEN


def test_a_bit_that_flips_in_a_drills_download_fails_the_drill(drills: DrillHarness) -> None:
    drills.backups.take()
    client = drills.backups.bucket.client
    with planned(client, "GetObject", altered(client, flipped), times=1, after=BEFORE_A_DRILLS):
        report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "SHA-256" in report.reasons[0]


def test_a_bit_that_flips_in_a_restores_download_is_never_given_to_a_server(
    restores: RestoreHarness,
) -> None:
    restores.backups.take()
    client = restores.backups.bucket.client
    with (
        planned(client, "GetObject", altered(client, flipped), times=1, after=BEFORE_A_RESTORES),
        pytest.raises(VerificationError, match="SHA-256"),
    ):
        restores.restore()
    assert databases(restores.live) == {restores.live.name}


@pytest.mark.parametrize("after", [0, 1])
def test_a_drill_whose_report_or_page_is_not_stored_is_no_success(
    drills: DrillHarness, after: int
) -> None:
    drills.backups.take()
    client = drills.backups.bucket.client
    with (
        planned(client, "PutObject", answer(403, "AccessDenied"), after=after),
        pytest.raises(StorageError, match="AccessDenied"),
    ):
        drills.hold()
    assert drills.leftovers() == []

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.engine import Engine
from lifeboat.model.manifest import Manifest
from tests.support.seen_bucket import NEWEST, drill, with_row


def test_a_row_that_functions_have_little_memory_for_is_reported() -> None:
    assert with_row(None).codes() == with_row(100_000_000).codes() == set()
    bucket = with_row(800_000_000)
    assert bucket.codes() == {Code.BACKUP_MEMORY_AT_RISK, Code.DRILL_MEMORY_AT_RISK}
    finding = bucket.only(Code.BACKUP_MEMORY_AT_RISK)
    assert finding.level is Level.WARNING
    assert "public.t, has 800 MB as text" in finding.fact
    assert finding.limit == "80 % of 1,769 MB (backup.memory_mb)"
    larger = bucket.change("backup", memory_mb=4096)
    assert larger.codes() == {Code.DRILL_MEMORY_AT_RISK}
    assert larger.change("drill", enabled=False).codes() == {Code.DRILLS_DISABLED}


def test_a_job_has_memory_for_rows_that_a_function_has_not() -> None:
    bucket = with_row(400_000_000).change("backup", memory_mb=1024)
    assert Code.BACKUP_MEMORY_AT_RISK in bucket.codes()
    bucket.manifests = [
        each.model_copy(update={"engine": Engine.JOB}) if isinstance(each, Manifest) else each
        for each in bucket.manifests
    ]
    assert Code.BACKUP_MEMORY_AT_RISK not in bucket.codes()
    row = with_row(800_000_000)
    assert Code.DRILL_MEMORY_AT_RISK in row.codes()
    row.drills = [drill(NEWEST).model_copy(update={"engine": Engine.JOB})]
    assert Code.DRILL_MEMORY_AT_RISK not in row.codes()

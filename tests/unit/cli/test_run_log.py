"""A run is read from its log: late and doubled lines, and runs that Lambda killed."""

import json
from typing import Any

import pytest

from lifeboat_cli.run_log import Progress, RunLog

RUN = "f96f0bb8-0000-4000-8000-00000000000a"
OTHER = "aaaaaaaa-0000-4000-8000-00000000000b"
END = f"END RequestId: {RUN}"


def line(message: str, run: str = RUN, **more: Any) -> str:
    return json.dumps({"message": message, "function_request_id": run, "run_id": run, **more})


def progress(seconds: float, step: str = "archive") -> str:
    return line("backup.progress", step=step, seconds=seconds)


FINISHED = line("backup.finished", answer={"backup": "manual/app/2026-11-22T020000Z"})
FAILED = line(
    "drill.failed", error="It\nfailed.", error_type="VerificationError", safe="All.", next="Look."
)


def test_an_answer_settles_the_run_before_lambda_logs_its_end() -> None:
    log = RunLog(RUN)
    log.add([f"START RequestId: {RUN} Version: $LATEST", progress(1), FINISHED])
    assert (log.settled, log.ended) == (True, False)
    assert log.answer == {"backup": "manual/app/2026-11-22T020000Z"}


def test_lines_that_come_twice_or_late_are_told_once_and_never_backwards() -> None:
    log = RunLog(RUN)
    assert [each.seconds for each in log.add([progress(5), progress(0)])] == [5]
    assert log.add([progress(5), progress(0), progress(3)]) == []
    assert log.progress == Progress("archive", 5)


def test_a_drill_that_failed_is_no_success_while_its_failure_is_not_there_yet() -> None:
    log = RunLog(RUN)
    log.add([line("drill.finished", answer={"verdict": "failed"}), END])
    assert not log.settled
    log.add([FAILED])
    assert log.settled
    assert log.failure == {
        "errorType": "VerificationError",
        "errorMessage": "It\nfailed.\nSafe: All.\nNext: Look.",
    }


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (f"2026-11-22T02:15:00.000Z {RUN} Task timed out after 900.00 seconds", "time ran out"),
        (f"RequestId: {RUN} Error: Runtime exited with error: signal: killed", "memory ran out"),
        (f"REPORT RequestId: {RUN}\tStatus: error\tError Type: Runtime.OutOfMemory", "memory"),
    ],
)
def test_a_run_that_lambda_killed_has_failed_and_says_why(said: str, what: str) -> None:
    log = RunLog(RUN)
    log.add([f"START RequestId: {RUN}", progress(3), said, END])
    assert (log.ended, log.settled) == (True, False)
    killed = log.killed()
    assert killed
    message = killed["errorMessage"]
    assert what in message
    assert "\nSafe: " in message
    assert "\nNext: " in message


def test_nobody_knows_of_a_run_that_only_ended_whether_it_was_killed() -> None:
    log = RunLog(RUN)
    log.add([f"START RequestId: {RUN}", f"REPORT RequestId: {RUN}\tDuration: 9 ms", END])
    assert (log.ended, log.settled, log.killed()) == (True, False, None)


def test_a_crash_points_to_the_log() -> None:
    log = RunLog(RUN)
    log.add([line("restore.crashed", exception_name="KeyError")])
    assert log.settled
    assert "Unexpected KeyError" in str(log.failure)
    assert RUN in str(log.failure)


def test_lines_of_another_run_and_text_that_looks_like_an_answer_count_nothing() -> None:
    """Notices of a server and names from a database are in the log, too."""
    log = RunLog(RUN)
    log.add(
        [
            line("backup.finished", run=OTHER, answer={}),
            f"END RequestId: {OTHER}",
            "{not JSON",
            '["backup.finished"]',
            line("backup.restarted", reason=FINISHED),
        ]
    )
    assert (log.settled, log.ended, log.answer) == (False, False, None)


HANDED_OVER = line("backup.handed_over", build="P:1", project="P", reason="Too large.")


def test_lambdas_end_is_not_the_end_of_a_run_that_became_a_job() -> None:
    log = RunLog(RUN)
    log.add([progress(700), HANDED_OVER, f"x {RUN} Task timed out after 900.00 seconds", END])
    assert log.job
    assert (log.job.build, log.job.reason, log.job.expected_seconds) == ("P:1", "Too large.", None)
    assert (log.settled, log.killed()) == (False, None)


def test_the_progress_of_a_job_begins_anew_and_late_lines_of_the_function_count_nothing() -> None:
    log = RunLog(RUN)
    log.add([progress(700), HANDED_OVER])
    assert [each.seconds for each in log.add([progress(0.1, "look")], of_job=True)] == [0.1]
    assert log.add([progress(701)]) == []
    assert log.progress == Progress("look", 0.1)

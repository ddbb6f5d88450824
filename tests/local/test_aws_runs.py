"""Who follows a run by its log on the local AWS sees what AWS shows."""

import json
import textwrap
import time
from pathlib import Path

from local.aws import LocalAws
from tests.support.aws_helpers import eventually, invoke, make_function

SLEEPS = textwrap.dedent("""
    import os, sys, time
    def handler(event, context):
        print("begun", context.aws_request_id, file=sys.stderr, flush=True)
        while not os.path.exists(event["until"]):
            time.sleep(0.02)
        print("ended", file=sys.stderr, flush=True)
        return context.aws_request_id
""")

LATE = textwrap.dedent("""
    import sys, threading
    def handler(event, context):
        said = f"late {context.aws_request_id}"
        threading.Timer(0.6, print, [said], {"file": sys.stderr, "flush": True}).start()
""")


def _function(aws: LocalAws, timeout: int = 20, code: str = SLEEPS) -> str:
    name = make_function(aws, code, timeout=timeout)
    aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    return name


def _start(aws: LocalAws, name: str, until: Path) -> str:
    event = json.dumps({"until": str(until)})
    answer = aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202
    run: str = answer["ResponseMetadata"]["RequestId"]
    return run


def _log(aws: LocalAws, name: str, run: str) -> list[str]:
    found = aws.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", filterPattern=f'"{run}"'
    )["events"]
    return [each["message"].split("\t")[0] for each in found]


def test_an_asynchronous_run_has_the_id_of_its_request(aws: LocalAws, tmp_path: Path) -> None:
    until = tmp_path / "until"
    until.touch()
    name = _function(aws)
    run = _start(aws, name, until)
    end = f"REPORT RequestId: {run}"
    assert eventually(lambda: end in _log(aws, name, run))
    assert _log(aws, name, run) == [
        f"START RequestId: {run} Version: $LATEST",
        f"begun {run}",
        f"END RequestId: {run}",
        end,
    ]
    assert invoke(aws, name, {"until": str(until)})[0] != run


def test_a_line_is_in_the_log_while_its_function_runs(aws: LocalAws, tmp_path: Path) -> None:
    until, name = tmp_path / "until", _function(aws)
    run = _start(aws, name, until)
    assert eventually(lambda: f"begun {run}" in _log(aws, name, run), seconds=10)
    time.sleep(0.2)
    assert f"END RequestId: {run}" not in _log(aws, name, run)
    until.touch()
    assert eventually(lambda: f"END RequestId: {run}" in _log(aws, name, run))


def test_a_run_whose_time_is_up_says_so_with_its_id(aws: LocalAws, tmp_path: Path) -> None:
    name = _function(aws, timeout=1)
    run = _start(aws, name, tmp_path / "never")
    assert eventually(lambda: f"END RequestId: {run}" in _log(aws, name, run))
    assert any(
        each.endswith(f"{run} Task timed out after 1.00 seconds") for each in _log(aws, name, run)
    )


def test_a_line_that_is_read_late_is_in_the_log_of_its_own_run(aws: LocalAws) -> None:
    name = _function(aws, code=LATE)
    first = _start(aws, name, Path())
    assert eventually(lambda: f"late {first}" in _log(aws, name, first), seconds=10)
    second = _start(aws, name, Path())
    assert eventually(lambda: f"late {second}" in _log(aws, name, second), seconds=10)
    streams = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert sum(each["message"] == f"late {first}" for each in streams) == 1

import json
import os
import stat
import textwrap
from pathlib import Path

import psutil
import pytest

from local.aws import LocalAws
from tests.support.aws_helpers import (
    allow,
    eventually,
    invoke,
    make_function,
    make_role,
    zip_of,
)

OF_LAMBDA = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "TZ",
}
OF_THE_LOCAL_AWS = {
    "AWS_CA_BUNDLE",
    "AWS_DISABLE_HOST_PREFIX_INJECTION",
    "AWS_ENDPOINT_URL",
    "TMPDIR",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_TIMEOUT",
    "_MINISTACK_INVOKE_DEPTH",
}

COUNTS = """
def handler(event, context):
    with open(event["file"], "a") as file:
        file.write(context.aws_request_id + "\\n")
    raise RuntimeError("always")
"""


def test_a_function_sees_lambdas_variables_and_its_own_and_nothing_of_the_host(
    aws: LocalAws,
) -> None:
    code = """
    import os, shutil, tempfile, time
    def handler(event, context):
        programs = [shutil.which(name) for name in ("pg_dump", "sh", "python3")]
        return {"env": dict(os.environ), "programs": programs, "zone": time.tzname,
                "tmp": tempfile.gettempdir(), "writable": os.access(tempfile.gettempdir(), os.W_OK)}
    """
    name = make_function(aws, textwrap.dedent(code), variables={"OWN": "1", "TZ": "Asia/Tokyo"})
    seen, error = invoke(aws, name)
    assert error is None
    assert set(seen["env"]) == OF_LAMBDA | OF_THE_LOCAL_AWS | {"OWN"}
    assert (seen["env"]["OWN"], seen["zone"][0]) == ("1", "JST")
    assert seen["programs"] == [None, None, None]
    assert seen["writable"]
    other, _ = invoke(aws, make_function(aws, textwrap.dedent(code)))
    assert other["tmp"] != seen["tmp"]
    assert other["zone"][0] == "UTC"


def test_programs_of_a_layer_run_and_its_packages_come_first(aws: LocalAws) -> None:
    program = "lib/postgresql/18/bin/pg_dump"
    layer = zip_of(
        {program: "#!/bin/sh\necho from the layer\n", "link": program, "python/yaml.py": "own = 1"},
        {program: 0o100755, "link": stat.S_IFLNK | 0o777},
    )
    code = """
    import os, subprocess, yaml
    def handler(event, context):
        root = os.environ["LIFEBOAT_POSTGRES_ROOT"]
        argv = [root + "/18/bin/pg_dump"]
        layer = root.removesuffix("/lib/postgresql")
        return [subprocess.run(argv, capture_output=True, text=True).stdout, yaml.own,
                os.readlink(layer + "/link"), os.environ["LD_LIBRARY_PATH"] == "/var/lang/lib:"
                + layer + "/lib"]
    """
    answer, error = invoke(aws, make_function(aws, textwrap.dedent(code), layers=[layer]))
    assert (answer, error) == (["from the layer\n", 1, program, True], None)


def test_a_layer_is_unpacked_once_however_often_its_functions_start(aws: LocalAws) -> None:
    layer = zip_of({"python/ours.py": "own = 1"})
    code = """
    import os, ours
    def handler(event, context):
        return os.stat(ours.__file__).st_ino
    """
    starts = [
        invoke(aws, make_function(aws, textwrap.dedent(code), layers=[layer]))[0] for _ in range(2)
    ]
    assert starts[0] == starts[1]


def test_a_timeout_ends_the_function_and_all_its_children(aws: LocalAws, tmp_path: Path) -> None:
    code = """
    import pathlib, subprocess, time
    def handler(event, context):
        child = subprocess.Popen(["/bin/sleep", "300"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, start_new_session=True)
        pathlib.Path(event["file"]).write_text(str(child.pid))
        time.sleep(60)
    """
    name = make_function(aws, textwrap.dedent(code), timeout=1)
    file = tmp_path / "pid"
    answer, error = invoke(aws, name, {"file": str(file)})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert "timed out after 1.00 seconds" in answer["errorMessage"]
    assert eventually(lambda: not _runs(int(file.read_text())))


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("raise Broken('first line\\nsecond: line')", "Broken"),
        ("int('x')", "ValueError"),
        ("os._exit(1)", "Runtime.ExitError"),
    ],
)
def test_an_error_is_reported_by_its_class(aws: LocalAws, statement: str, kind: str) -> None:
    code = f"import os\nclass Broken(Exception): pass\ndef handler(event, context): {statement}\n"
    answer, error = invoke(aws, make_function(aws, code))
    assert (answer["errorType"], error) == (kind, "Unhandled")
    if kind == "Broken":
        assert answer["errorMessage"] == "first line\nsecond: line"


def test_an_asynchronous_failure_is_tried_three_times_by_default(
    aws: LocalAws, tmp_path: Path
) -> None:
    attempts = tmp_path / "attempts"
    _invoke_asynchronously(aws, make_function(aws, COUNTS), attempts)
    assert eventually(lambda: _lines(attempts) == 3)


def test_retries_are_as_configured_and_the_failure_goes_to_its_destination(
    aws: LocalAws, tmp_path: Path
) -> None:
    name, attempts = make_function(aws, COUNTS), tmp_path / "attempts"
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName=f"{name}-failed")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}-failed"
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        Qualifier="$LATEST",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    _invoke_asynchronously(aws, name, attempts)
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    failure = json.loads(messages[0]["Body"])
    assert failure["requestPayload"] == {"file": str(attempts)}
    assert failure["responsePayload"]["errorType"] == "RuntimeError"
    assert _lines(attempts) == 1


def test_a_function_acts_as_its_role_and_reads_only_its_own_secret(aws: LocalAws) -> None:
    secrets = aws.client("secretsmanager")
    own, other = (
        secrets.create_secret(Name=f"{word}-{os.getpid()}", SecretString=word)["ARN"]
        for word in ("own", "other")
    )
    code = """
    import boto3
    def handler(event, context):
        client = boto3.client("secretsmanager")
        return client.get_secret_value(SecretId=event["arn"])["SecretString"]
    """
    role = make_role(
        aws, allow("secretsmanager:GetSecretValue", own), service="lambda.amazonaws.com"
    )
    name = make_function(aws, textwrap.dedent(code), role=role)
    assert invoke(aws, name, {"arn": own}) == ("own", None)
    answer, error = invoke(aws, name, {"arn": other})
    assert error == "Unhandled"
    assert "AccessDeniedException" in answer["errorMessage"]


def test_what_a_function_prints_is_in_its_log_group(aws: LocalAws) -> None:
    name = make_function(aws, "def handler(event, context): print('a line of the log')")
    invoke(aws, name)
    logs = aws.client("logs")

    def printed() -> bool:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return any("a line of the log" in event["message"] for event in events)

    assert eventually(printed)


def _invoke_asynchronously(aws: LocalAws, name: str, file: Path) -> None:
    event = json.dumps({"file": str(file)})
    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

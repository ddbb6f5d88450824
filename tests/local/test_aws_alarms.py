import json
import subprocess
import time
from typing import Any
from uuid import uuid4

from local.aws import LocalAws
from local.aws.server import INTERPRETER, REPOSITORY
from local.subscriber import Subscriber
from tests.support.aws_helpers import eventually, invoke, make_function

MEASURES = """
import json, time
def handler(event, context):
    directive = {"Namespace": "Test", "Dimensions": [["Database"], []], "Metrics": [
        {"Name": "Age", "Unit": "Count"}, {"Name": "Rows"}, *event.get("more", [])]}
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": about, "Database": event["database"], "Age": [7.0], "Rows": 3}))
"""
FAILS = "def handler(event, context): raise ValueError('no luck')"


def test_what_a_function_logs_in_the_embedded_format_is_a_metric(aws: LocalAws) -> None:
    function, database = make_function(aws, MEASURES), _name()
    invoke(aws, function, {"database": database})
    assert _sum(aws, "Test", "Age", Database=database) == 7
    assert _sum(aws, "Test", "Rows", Database=database) == 3
    assert _sum(aws, "Test", "Age") >= 7
    assert _sum(aws, "Test", "Age", Database="another") is None


def test_a_document_that_announces_more_than_it_holds_is_no_metric(aws: LocalAws) -> None:
    function, database = make_function(aws, MEASURES), _name()
    invoke(aws, function, {"database": database, "more": [{"Name": "Forgotten"}]})
    assert _sum(aws, "Test", "Age", Database=database) is None
    invoke(aws, function, {"database": database})
    assert _sum(aws, "Test", "Age", Database=database) == 7


def test_every_attempt_of_an_asynchronous_run_is_counted_with_its_error(aws: LocalAws) -> None:
    function = make_function(aws, FAILS)
    invoke(aws, function)
    _retry(aws, function, attempts=1)
    aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload="{}")
    assert eventually(lambda: _sum(aws, "AWS/Lambda", "Errors", FunctionName=function) == 3)
    assert _sum(aws, "AWS/Lambda", "Invocations", FunctionName=function) == 3
    assert _sum(aws, "AWS/Lambda", "Duration", FunctionName=function) > 0


def test_silence_rings_and_data_resolves_it(aws: LocalAws) -> None:
    topic, people = _topic(aws)
    name = _alarm(aws, topic, TreatMissingData="breaching", EvaluationPeriods=2)
    told = [people.alarm()]
    _put(aws, name, 1)
    told += [people.alarm(), people.alarm()]
    assert [each["NewStateValue"] for each in told] == ["ALARM", "OK", "ALARM"]
    assert {each["AlarmName"] for each in told} == {name}


def test_an_alarm_tells_that_figures_no_longer_come_but_not_that_there_were_none_yet(
    aws: LocalAws,
) -> None:
    topic, people = _topic(aws)
    name = _alarm(aws, topic, InsufficientDataActions=[topic], OKActions=[])
    assert _states(aws, name) == ["INSUFFICIENT_DATA"]
    time.sleep(2)
    assert people.arrived() == []
    _put(aws, name, 1)
    told = people.alarm()
    assert (told["OldStateValue"], told["NewStateValue"]) == ("OK", "INSUFFICIENT_DATA")


def test_a_function_that_is_no_longer_invoked_is_reported_by_its_invocations(aws: LocalAws) -> None:
    topic, people = _topic(aws)
    function = make_function(aws, "def handler(event, context): return 1")
    name = _alarm(
        aws,
        topic,
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        EvaluationPeriods=2,
        InsufficientDataActions=[topic],
    )
    invoke(aws, function)
    assert people.alarm()["NewStateValue"] == "OK"
    told = people.alarm()
    assert (told["AlarmName"], told["NewStateValue"]) == (name, "INSUFFICIENT_DATA")


def test_an_alarm_is_of_its_own_dimensions(aws: LocalAws) -> None:
    topic, people = _topic(aws)
    mine, other = (_alarm(aws, topic, TreatMissingData="notBreaching") for _ in range(2))
    _put(aws, mine, 0)
    assert people.alarm(state="ALARM")["AlarmName"] == mine
    assert _states(aws, other) == ["OK"]


def test_an_alarm_that_the_topics_policy_does_not_let_publish_tells_nobody(aws: LocalAws) -> None:
    topic, people = _topic(aws)
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    statement: dict[str, object] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic,
    }
    statements: list[dict[str, object]] = [statement | {"Condition": insecure}]
    policy = {"Version": "2012-10-17", "Statement": statements}
    sns = aws.client("sns")
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    name = _alarm(aws, topic, TreatMissingData="breaching")
    assert eventually(lambda: _states(aws, name) == ["ALARM"])
    assert people.arrived() == []
    service = {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Effect": "Allow"}
    statements.append(statement | service)
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    _put(aws, name, 1)
    assert people.alarm()["NewStateValue"] == "OK"
    assert people.alarm()["NewStateValue"] == "ALARM"


def test_a_message_that_waits_in_a_queue_rings(aws: LocalAws) -> None:
    topic, people = _topic(aws)
    letters = _name()
    url = aws.client("sqs").create_queue(QueueName=letters)["QueueUrl"]
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=_name(),
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": letters}],
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    time.sleep(1)
    assert people.arrived() == []
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert people.alarm()["NewStateValue"] == "ALARM"


# Values of the last periods, the newest first; None: no data. The threshold is 5.
JUDGED: list[tuple[dict[str, object], list[float | None], str | None]] = [
    ({"EvaluationPeriods": 1}, [6], "ALARM"),
    ({"EvaluationPeriods": 1}, [5, 6], "OK"),
    ({"EvaluationPeriods": 2}, [6, 5], "OK"),
    ({"EvaluationPeriods": 2}, [6, 6], "ALARM"),
    ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [6, 5, 6], "ALARM"),
    ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [5, 5, 6], "OK"),
    ({"EvaluationPeriods": 2}, [None, None, 6], "INSUFFICIENT_DATA"),
    ({"EvaluationPeriods": 2}, [None, 6], "OK"),
    ({"EvaluationPeriods": 2, "TreatMissingData": "ignore"}, [None, None], None),
    ({"EvaluationPeriods": 2, "TreatMissingData": "notBreaching"}, [None, None], "OK"),
    ({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}, [None, None], "ALARM"),
    ({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}, [None, 6], "ALARM"),
    ({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}, [None, 5], "OK"),
    ({"EvaluationPeriods": 1, "Unit": "Count"}, [6], "ALARM"),
    ({"EvaluationPeriods": 1, "Unit": "Seconds"}, [6], "INSUFFICIENT_DATA"),
    ({"EvaluationPeriods": 1, "ComparisonOperator": "LessThanThreshold"}, [4], "ALARM"),
    ({"EvaluationPeriods": 1, "Statistic": "Sum", "Period": 120}, [3, 3], "ALARM"),
]


def test_an_alarm_needs_m_of_its_n_periods_and_counts_what_is_missing() -> None:
    program = """
import json, sys
from tools.ministack_patches.alarms import next_state
from ministack.services import cloudwatch
usual = {"Namespace": "N", "MetricName": "M", "Threshold": 5, "Period": 60, "Statistic": "Maximum",
         "ComparisonOperator": "GreaterThanThreshold"}
for change, values, _ in json.load(sys.stdin):
    cloudwatch._metrics["N", "M", ""] = [
        {"Timestamp": 1000 - 60 * number - 30, "Value": value, "Unit": "Count"}
        for number, value in enumerate(values) if value is not None]
    print(next_state(usual | change, 1000))
"""
    done = subprocess.run(
        [INTERPRETER, "-c", program],
        input=json.dumps(JUDGED),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(expected) for *_, expected in JUDGED]


def _name() -> str:
    return f"name-{uuid4().hex[:8]}"


def _topic(aws: LocalAws) -> tuple[str, Subscriber]:
    topic: str = aws.client("sns").create_topic(Name=_name())["TopicArn"]
    return topic, Subscriber.of(aws, topic)


def _alarm(aws: LocalAws, topic: str, **changes: Any) -> str:
    """An alarm of a metric of its own that rings below 1."""
    name = _name()
    settings = {
        "AlarmName": name,
        "Namespace": "Test",
        "MetricName": "Checked",
        "Dimensions": [{"Name": "Of", "Value": name}],
        "Statistic": "Sum",
        "Period": 3600,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
        "AlarmActions": [topic],
        "OKActions": [topic],
    }
    aws.client("cloudwatch").put_metric_alarm(**settings | changes)
    return name


def _put(aws: LocalAws, alarm: str, value: float) -> None:
    data = {
        "MetricName": "Checked",
        "Dimensions": [{"Name": "Of", "Value": alarm}],
        "Value": value,
    }
    aws.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[data])


def _states(aws: LocalAws, *names: str) -> list[str]:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    return [each["StateValue"] for each in found]


def _sum(aws: LocalAws, namespace: str, metric: str, **dimensions: str) -> Any:
    now = time.time()
    found = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - 3600,
        EndTime=now + 3600,
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(each["Sum"] for each in found) if found else None


def _retry(aws: LocalAws, function: str, *, attempts: int) -> None:
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        Qualifier="$LATEST",
        MaximumRetryAttempts=attempts,
    )

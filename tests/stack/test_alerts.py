"""Who is told of what: the topic, the alarms, and the page on which all of it can be seen."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.model.metrics import (
    DAILY_PER_DATABASE,
    DAILY_PER_DRILLED_DATABASE,
    EACH_BACKUP,
    EACH_DRILL,
)
from lifeboat.monitor.policy.bill import ALARMS, secrets_of
from lifeboat.settings import MAX_DATABASES, MAX_DATABASES_WITH_JOBS
from tests.stack.stacks import PLAIN, REGION, TOPIC_KEY, Synthesized

HOUR = 3600
MISSING, IGNORED, FINE = "missing", "ignore", "notBreaching"


def alarms_of(stack: Synthesized) -> dict[str, dict[str, Any]]:
    """The alarms by their names, without the stack's."""
    return {
        each["AlarmName"].removeprefix("Lifeboat-"): each
        for each in stack.of_type("AWS::CloudWatch::Alarm")
    }


def body_of(stack: Synthesized) -> tuple[str, dict[str, Any]]:
    """The dashboard's name and body; what CloudFormation fills in stands there by its id."""
    board = stack.only("AWS::CloudWatch::Dashboard")
    text = "".join(
        part if isinstance(part, str) else json.dumps(part).replace('"', "")
        for part in board["DashboardBody"]["Fn::Join"][1]
    )
    return board["DashboardName"], json.loads(text)


def test_nothing_is_published_or_read_unencrypted_on_the_wire(any_stack: Synthesized) -> None:
    from aws_cdk.assertions import Match

    any_stack.template.has_resource_properties(
        "AWS::SNS::TopicPolicy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Effect": "Deny",
                                "Action": "sns:Publish",
                                "Principal": "*",
                                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_the_stacks_alarms_may_publish_and_nobody_elses(any_stack: Synthesized) -> None:
    statements = any_stack.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]

    (allowed,) = [each for each in statements if each.get("Sid") == "AllowAlarmsPublish"]
    others = [each["Sid"] for each in statements if each["Effect"] == "Allow"]
    assert set(others) <= {"AllowAlarmsPublish", "AllowEventBridgePublish"}
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:Lifeboat-*"},
    }
    names = [each["AlarmName"] for each in any_stack.of_type("AWS::CloudWatch::Alarm")]
    assert all(name.startswith("Lifeboat-") for name in names)


def test_the_topic_has_the_key_and_the_subscribers_of_the_settings(
    sealed: Synthesized, plain: Synthesized
) -> None:
    (topic,) = sealed.template.find_resources("AWS::SNS::Topic")
    assert sealed.only("AWS::SNS::Topic")["KmsMasterKeyId"] == TOPIC_KEY
    subscriptions = sealed.of_type("AWS::SNS::Subscription")
    assert sorted(each["Endpoint"] for each in subscriptions) == [
        "boss@example.com",
        "oncall@example.com",
    ]
    assert {each["Protocol"] for each in subscriptions} == {"email"}
    assert all(each["TopicArn"] == {"Ref": topic} for each in subscriptions)
    assert "KmsMasterKeyId" not in plain.only("AWS::SNS::Topic")
    assert plain.of_type("AWS::SNS::Subscription") == []


def test_the_stack_has_these_alarms_however_many_databases_it_has(
    any_stack: Synthesized,
) -> None:
    assert alarms_of(any_stack).keys() == {
        "monitor-heartbeat",
        "monitor-error",
        "schedule-dead-letters",
        "backup-too-old",
    }


def test_every_alarm_notifies_when_it_begins_and_none_of_what_was_never_wrong(
    any_stack: Synthesized,
) -> None:
    """A new alarm goes from INSUFFICIENT_DATA to OK: that is no news."""
    (topic,) = any_stack.template.find_resources("AWS::SNS::Topic")

    for name, alarm in alarms_of(any_stack).items():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert "OKActions" not in alarm
        silence = [{"Ref": topic}] if name == "monitor-heartbeat" else None
        assert alarm.get("InsufficientDataActions") == silence
        assert "Metrics" not in alarm
    any_stack.template.resource_count_is("AWS::CloudWatch::CompositeAlarm", 0)


def when(alarm: dict[str, Any]) -> tuple[Any, ...]:
    sign = {"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[alarm["ComparisonOperator"]]
    return (
        alarm["MetricName"],
        alarm["Statistic"],
        f"{sign} {alarm['Threshold']}",
        alarm["Period"] * alarm["EvaluationPeriods"],
        alarm["TreatMissingData"],
    )


def monitor_of(stack: Synthesized) -> str:
    (monitor,) = [
        name
        for name, each in stack.template.find_resources("AWS::Lambda::Function").items()
        if each["Properties"]["FunctionName"] == "Lifeboat-monitor"
    ]
    return monitor


def test_the_oldest_of_the_newest_backups_is_held_to_the_settings_limit(
    plain: Synthesized, sealed: Synthesized
) -> None:
    alarm = alarms_of(plain)["backup-too-old"]
    assert when(alarm) == ("BackupAge", "Maximum", "> 25", 2 * HOUR, IGNORED)
    assert alarm["Namespace"] == "Lifeboat"
    assert "Dimensions" not in alarm
    stricter = alarms_of(sealed)["backup-too-old"]
    assert when(stricter) == ("BackupAge", "Maximum", "> 26", 2400, IGNORED)


def test_a_monitor_that_is_not_started_for_two_of_its_turns_is_noticed(
    plain: Synthesized, sealed: Synthesized
) -> None:
    """Lambda sends no figure for what it doesn't start, so missing has to be its own state."""
    alarm = alarms_of(plain)["monitor-heartbeat"]
    assert when(alarm) == ("Invocations", "Sum", "< 1", 2 * HOUR, MISSING)
    assert alarm["Namespace"] == "AWS/Lambda"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": monitor_of(plain)}}]
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == alarm["EvaluationPeriods"]
    assert when(alarms_of(sealed)["monitor-heartbeat"])[3] == 2400


def test_a_monitor_that_fails_and_runs_that_never_started_are_noticed(plain: Synthesized) -> None:
    (queue,) = plain.template.find_resources("AWS::SQS::Queue")
    error, undelivered = (
        alarms_of(plain)[name] for name in ("monitor-error", "schedule-dead-letters")
    )

    assert when(error) == ("Errors", "Sum", "> 0", HOUR, IGNORED)
    assert error["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": monitor_of(plain)}}]
    visible = "ApproximateNumberOfMessagesVisible"
    assert when(undelivered) == (visible, "Maximum", "> 0", 300, FINE)
    assert undelivered["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
    ]


def test_every_alarm_says_what_happened_what_is_safe_and_what_to_do(
    any_stack: Synthesized,
) -> None:
    for alarm in alarms_of(any_stack).values():
        described = alarm["AlarmDescription"]
        text = described if isinstance(described, str) else str(described["Fn::Join"][1])
        text = text.replace("\\n", "\n")
        happened, safe, todo = re.split(r"\nSafe: |\nNext: ", text)
        assert all((happened, safe, todo))
        assert "(stack Lifeboat, account 123456789012, eu-central-1)" in happened
        assert len(text) <= 1024, "CloudWatch's limit"


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 6 * * ? *", "there are 24 hours between two checks"),
        ("0 8-17 ? * MON-FRI *", "there are 63 hours between two checks"),
        ("0 6 * * ? 2199", "it runs only once"),
    ],
)
def test_a_monitor_that_looks_too_rarely_to_be_missed_is_refused(
    synthesize: Callable[..., Synthesized], cron: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        synthesize(PLAIN | {"monitor": {"cron": cron}}, judged=False)


def test_the_dashboard_shows_first_the_status_page_then_the_alarms(plain: Synthesized) -> None:
    name, body = body_of(plain)

    assert name == "Lifeboat"
    status, alarms, now = body["widgets"][:3]
    assert (status["type"], status["x"], status["y"]) == ("custom", 0, 0)
    (monitor,) = plain.template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"FunctionName": "Lifeboat-monitor"}}
    )
    assert monitor in status["properties"]["endpoint"]
    assert status["properties"]["updateOn"] == {
        "refresh": True,
        "resize": False,
        "timeRange": False,
    }
    assert alarms["type"] == "alarm"
    assert len(alarms["properties"]["alarms"]) == len(alarms_of(plain))
    assert [metric[1] for metric in now["properties"]["metrics"]] == ["BackupAge", "MonthlyCost"]
    assert max(each["y"] + each["height"] for each in (alarms, now)) == status["height"]


def shown_of(body: dict[str, Any]) -> set[tuple[str, str]]:
    """Names of metrics and whose they are: a database, a function or nobody's."""
    functions = re.compile("Database(app|shop)(Backup|Drill)Function")

    def whose(metric: list[Any]) -> str:
        found = functions.search(metric[3]) if len(metric) > 4 else None
        return f"{found[2]}-{found[1]}" if found else metric[3] if len(metric) > 4 else "-"

    return {
        (metric[1], whose(metric))
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if isinstance(metric[0], str)
    }


def test_the_dashboard_has_a_row_for_each_database(
    plain: Synthesized, unlocked: Synthesized
) -> None:
    _, body = body_of(plain)
    figures = (*DAILY_PER_DATABASE, *DAILY_PER_DRILLED_DATABASE, *EACH_BACKUP, *EACH_DRILL)
    databases, jobs = ("app", "shop"), ("Backup", "Drill")
    assert shown_of(body) == {
        ("BackupAge", "-"),
        ("MonthlyCost", "-"),
        *((name, database) for name in figures for database in databases),
        *(
            (name, f"{job}-{database}")
            for name in ("Errors", "Duration")
            for job in jobs
            for database in databases
        ),
    }
    lines = {(annotation["value"]) for annotation in annotations_of(body)}
    assert lines == {15, 0}
    graphs = body["widgets"][3:]
    for database in ("app", "shop"):
        own = [each for each in graphs if each["properties"]["title"].startswith(f"{database}: ")]
        assert len(own) == 5
        assert len({each["y"] for each in own}) == 1, "one row"
    assert len(graphs) == 10
    assert "text" not in {each["type"] for each in body["widgets"]}, "no wall of commands"

    _, body = body_of(unlocked)
    assert "Lifeboat-drill" not in str(body)
    assert not [name for name in ("RtoMargin", "DrillAge", "drill /") if name in str(body)]


def test_a_stack_may_go_without_a_dashboard(synthesize: Callable[..., Synthesized]) -> None:
    bare = synthesize(PLAIN | {"dashboard": False}, judged=False)
    assert bare.of_type("AWS::CloudWatch::Dashboard") == []
    told = [
        json.loads(each["Environment"]["Variables"]["LIFEBOAT_SETTINGS"]).get("dashboard")
        for job in ("backup", "drill", "monitor")
        for each in bare.functions(job).values()
    ]
    assert told == [False] * 5, "else they would send what only the dashboard shows"


def annotations_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        annotation
        for widget in body["widgets"]
        for annotation in widget["properties"].get("annotations", {}).get("horizontal", [])
    ]


def test_the_dashboard_shows_the_limits_and_the_target_of_the_settings(sealed: Synthesized) -> None:
    _, body = body_of(sealed)

    assert [(each["label"], each["value"]) for each in annotations_of(body)] == [
        ("time limit of backup", 10),
        ("time limit of drill", 12),
        ("RTO missed", 0),
    ]
    assert "RTO margin (RTO 30 min)" in str(body)


def test_no_widget_lies_on_another_or_beside_the_dashboard(any_stack: Synthesized) -> None:
    _, body = body_of(any_stack)
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_bill_counts_what_the_template_has(
    any_stack: Synthesized, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["any_stack"]
    settings = any_stack.settings
    assert len(any_stack.of_type("AWS::CloudWatch::Alarm")) == ALARMS
    assert len(any_stack.of_type("AWS::CloudWatch::Dashboard")) == settings.dashboard
    roles = json.dumps(any_stack.of_type("AWS::IAM::Role"))
    readable = set(re.findall(r'"(arn:aws:secretsmanager:[^"]+)"', roles))
    assert secrets_of(settings) == len(readable) == {"plain": 2, "sealed": 6, "unlocked": 1}[name]
    (monitor,) = any_stack.functions("monitor").values()
    assert monitor["Environment"]["Variables"]["LIFEBOAT_SECRETS"] == str(len(readable))


@pytest.mark.parametrize("name", ["plain", "unlocked", "in_neon"])
def test_the_plan_of_a_setup_counts_the_resources(
    name: str, request: pytest.FixtureRequest
) -> None:
    from infra.size import resources

    stack: Synthesized = request.getfixturevalue(name)
    assert resources(stack.settings) == len(stack.body["Resources"])


def test_as_many_databases_fit_as_the_settings_allow(plain: Synthesized) -> None:
    """CloudFormation takes 500 resources, 200 outputs and a megabyte of text."""
    app = {name for name in plain.body["Resources"] if name.startswith("Databaseapp")}
    shop = {name for name in plain.body["Resources"] if name.startswith("Databaseshop")}
    rest = len(plain.body["Resources"]) - len(app) - len(shop)
    emails, to_come = 10, 20
    of_jobs = {name for name in app if "Job" in name}
    assert (len(app), len(of_jobs)) == (16, 4)
    assert len(app) == len(shop)
    others = rest + emails + to_come
    assert others + MAX_DATABASES_WITH_JOBS * len(app) <= 500
    assert others + MAX_DATABASES * len(app - of_jobs) <= 500

    outputs = [name for name in plain.body["Outputs"] if name.startswith("Databaseapp")]
    assert len(plain.body["Outputs"]) + MAX_DATABASES * len(outputs) <= 200

    whole = len((plain.directory / plain.stack.template_file).read_bytes())
    own = {name: plain.body["Resources"][name] for name in app} | {
        name: plain.body["Outputs"][name] for name in outputs
    }
    assert whole + MAX_DATABASES_WITH_JOBS * len(json.dumps(own)) <= 1_000_000

"""Who hears of what: the topic, the alarms, and the page on which all of it can be seen."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.policy.commands import Commands
from lifeboat.settings import MOST_DATABASES
from tests.stack.stacks import PLAIN, REGION, TOPIC_KEY, Synthesized

HOUR = 3600
BREACHING, IGNORED, FINE = "breaching", "ignore", "notBreaching"


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

    (allowed,) = [each for each in statements if each.get("Sid") == "ItsAlarms"]
    others = [each["Sid"] for each in statements if each["Effect"] == "Allow"]
    assert set(others) <= {"ItsAlarms", "WordOfThaws"}
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


def test_these_alarms_ring_and_nothing_else(plain: Synthesized, unlocked: Synthesized) -> None:
    shared = {"monitor-silent", "monitor-error", "undelivered"}
    backup = {"backup-too-old", "backup-failed", "backup-slow"}
    drill = {"drill-failed", "drill-error", "drill-slow"}

    assert alarms_of(plain).keys() == shared | {
        f"{what}-{database}" for what in backup | drill for database in ("app", "shop")
    }
    assert alarms_of(unlocked).keys() == shared | {f"{what}-app" for what in backup}


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_ends(
    any_stack: Synthesized,
) -> None:
    (topic,) = any_stack.template.find_resources("AWS::SNS::Topic")

    any_stack.template.all_resources_properties(
        "AWS::CloudWatch::Alarm",
        {"AlarmActions": [{"Ref": topic}], "OKActions": [{"Ref": topic}]},
    )
    any_stack.template.resource_count_is("AWS::CloudWatch::CompositeAlarm", 0)
    assert not [each for each in alarms_of(any_stack).values() if "Metrics" in each]


def when(alarm: dict[str, Any]) -> tuple[Any, ...]:
    sign = {"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[alarm["ComparisonOperator"]]
    return (
        alarm["MetricName"],
        alarm["Statistic"],
        f"{sign} {alarm['Threshold']}",
        alarm["Period"] * alarm["EvaluationPeriods"],
        alarm["TreatMissingData"],
    )


def test_an_alarm_of_a_database_rings_at_its_limit(plain: Synthesized, sealed: Synthesized) -> None:
    def rings(stack: Synthesized) -> dict[str, tuple[Any, ...]]:
        return {
            name.removesuffix("-app"): when(alarm)
            for name, alarm in alarms_of(stack).items()
            if name.endswith("-app")
        }

    assert rings(plain) == {
        "backup-too-old": ("BackupAge", "Maximum", "> 25", 2 * HOUR, BREACHING),
        "backup-failed": ("Errors", "Sum", "> 0", HOUR, IGNORED),
        "backup-slow": ("Duration", "Maximum", "> 720000", HOUR, IGNORED),
        "drill-failed": ("DrillFailed", "Maximum", "> 0", HOUR, IGNORED),
        "drill-error": ("Errors", "Sum", "> 0", HOUR, IGNORED),
        "drill-slow": ("Duration", "Maximum", "> 720000", HOUR, IGNORED),
    }
    rung = rings(sealed)
    assert rung["backup-too-old"] == ("BackupAge", "Maximum", "> 26", 2400, BREACHING)
    assert rung["backup-slow"] == ("Duration", "Maximum", "> 480000", HOUR, IGNORED)
    assert rung["drill-slow"] == ("Duration", "Maximum", "> 576000", HOUR, IGNORED)


def test_an_alarm_of_a_database_looks_at_that_database(plain: Synthesized) -> None:
    functions = plain.template.find_resources("AWS::Lambda::Function")
    for name, alarm in alarms_of(plain).items():
        what, _, database = name.rpartition("-")
        if database not in {"app", "shop"}:
            continue
        (dimension,) = alarm["Dimensions"]
        if alarm["Namespace"] == "Lifeboat":
            assert dimension == {"Name": "Database", "Value": database}
        else:
            assert alarm["Namespace"] == "AWS/Lambda"
            assert dimension["Name"] == "FunctionName"
            function = functions[dimension["Value"]["Ref"]]["Properties"]["FunctionName"]
            assert function == f"Lifeboat-{what.partition('-')[0]}-{database}"


def test_a_monitor_that_is_silent_for_two_of_its_turns_rings(
    plain: Synthesized, sealed: Synthesized
) -> None:
    alarm = alarms_of(plain)["monitor-silent"]
    assert when(alarm) == ("Checked", "Sum", "< 1", 2 * HOUR, BREACHING)
    assert alarm["Namespace"] == "Lifeboat"
    assert "Dimensions" not in alarm
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == alarm["EvaluationPeriods"]
    assert when(alarms_of(sealed)["monitor-silent"])[3] == 2400


def test_a_monitor_that_fails_and_runs_that_never_started_ring(plain: Synthesized) -> None:
    (monitor,) = [
        name
        for name, each in plain.template.find_resources("AWS::Lambda::Function").items()
        if each["Properties"]["FunctionName"] == "Lifeboat-monitor"
    ]
    (queue,) = plain.template.find_resources("AWS::SQS::Queue")
    error, undelivered = (alarms_of(plain)[name] for name in ("monitor-error", "undelivered"))

    assert when(error) == ("Errors", "Sum", "> 0", HOUR, IGNORED)
    assert error["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": monitor}}]
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
        assert len(text) <= 1024, "CloudWatch's limit"


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 6 * * ? *", "24 hours pass between two looks"),
        ("0 8-17 ? * MON-FRI *", "63 hours pass between two looks"),
        ("0 6 * * ? 2199", "it never looks twice"),
    ],
)
def test_a_monitor_that_looks_too_rarely_to_be_missed_is_refused(
    synthesize: Callable[..., Synthesized], cron: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        synthesize(PLAIN | {"monitor": {"cron": cron}}, judged=False)


def test_the_dashboard_shows_first_what_rings_and_what_to_read(plain: Synthesized) -> None:
    from infra.dashboard import RUNBOOKS

    name, body = body_of(plain)

    assert name == "Lifeboat"
    alarms, text = body["widgets"][:2]
    assert alarms["type"] == "alarm"
    assert alarms["y"] == text["y"] == 0
    assert len(alarms["properties"]["alarms"]) == len(alarms_of(plain))
    for runbook in RUNBOOKS:
        assert f"`{runbook}.md`" in text["properties"]["markdown"]
    assert '{"format": "text"}' in text["properties"]["markdown"]


def test_the_dashboard_has_a_row_for_each_database(
    plain: Synthesized, unlocked: Synthesized
) -> None:
    _, body = body_of(plain)
    shown = {
        (metric[1], metric[3])
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
    }
    figures = (
        "BackupAge",
        "DrillAge",
        "FindingsCritical",
        "FindingsWarning",
        "MonthlyCost",
        "NewestArchiveBytes",
        "NewestRows",
        "Duration",
        "DrillDuration",
        "RtoMargin",
    )
    assert shown == {(name, database) for name in figures for database in ("app", "shop")}
    lines = {(annotation["value"]) for annotation in annotations_of(body)}
    assert lines == {900, 0}
    texts = [each["properties"].get("markdown", "") for each in body["widgets"]]
    for database in ("app", "shop"):
        assert f"## {database}" in texts
        (commands,) = [text for text in texts if f"Lifeboat-backup-{database}" in text]
        assert f"Lifeboat-drill-{database}" in commands

    _, body = body_of(unlocked)
    assert "Lifeboat-drill" not in str(body)
    assert not [name for name in ("RtoMargin", "DrillAge", "DrillDuration") if name in str(body)]


def annotations_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        annotation
        for widget in body["widgets"]
        for annotation in widget["properties"].get("annotations", {}).get("horizontal", [])
    ]


def test_the_dashboard_shows_the_walls_and_the_target_of_the_settings(sealed: Synthesized) -> None:
    _, body = body_of(sealed)

    assert [(each["label"], each["value"]) for each in annotations_of(body)] == [
        ("the end for backup", 600),
        ("the end for drill", 720),
        ("too late", 0),
    ]
    assert "Time left of 30 minutes to recover" in str(body)


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


def test_no_widget_holds_more_alarms_than_one_can_show() -> None:
    from aws_cdk import App, Stack
    from aws_cdk.assertions import Template
    from aws_cdk.aws_cloudwatch import Alarm

    from infra.dashboard import Dashboard

    stack = Stack(App(), "Many")
    arn = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:Many-"
    alarms = [
        Alarm.from_alarm_arn(stack, f"alarm-{number}", f"{arn}{number}") for number in range(205)
    ]
    Dashboard(stack, "Overview", alarms=alarms, commands=Commands("vault", "Many"), rows=[])

    (board,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(board["Properties"]["DashboardBody"])["widgets"]
    shown = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]
    assert [len(each) for each in shown] == [100, 100, 5]
    every = [alarm for each in shown for alarm in each]
    assert every == [f"{arn}{number}" for number in range(205)]


def test_as_many_databases_fit_as_the_settings_allow(plain: Synthesized) -> None:
    """CloudFormation takes 500 resources, 200 outputs and a megabyte of text."""
    app = {name for name in plain.body["Resources"] if name.startswith("Databaseapp")}
    shop = {name for name in plain.body["Resources"] if name.startswith("Databaseshop")}
    rest = len(plain.body["Resources"]) - len(app) - len(shop)
    emails, to_come = 10, 20
    assert len(app) == len(shop) == 18
    assert rest + emails + to_come + MOST_DATABASES * len(app) <= 500

    outputs = [name for name in plain.body["Outputs"] if name.startswith("Databaseapp")]
    assert len(plain.body["Outputs"]) + MOST_DATABASES * len(outputs) <= 200

    whole = len((plain.directory / plain.stack.template_file).read_bytes())
    assert whole / 2 * MOST_DATABASES <= 1_000_000

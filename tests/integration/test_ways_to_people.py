"""The topic and the webhook, each by its own protocol."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from lifeboat.alerts.heartbeat import Heartbeat
from lifeboat.alerts.policy.message import Kind, Message
from lifeboat.alerts.policy.messages import alert_message
from lifeboat.alerts.secret_url import SecretUrl
from lifeboat.alerts.topic import Topic
from lifeboat.alerts.webhook import Webhook
from lifeboat.errors import NotificationError
from local.aws import LocalAws
from local.certificates import issue
from local.subscriber import Subscriber
from tests.support.aws_helpers import allow, make_role
from tests.support.secret_stores import store_of
from tests.support.seen_bucket import INSTALLATION, empty

MESSAGE = alert_message(
    empty().findings()[:1], kind=Kind.NEW, now=datetime.now(UTC), installation=INSTALLATION
)
BAIT = "s3cr3t-path"


@pytest.fixture
def arn(aws: LocalAws) -> str:
    made: str = aws.client("sns").create_topic(Name=f"topic-{uuid4().hex[:8]}")["TopicArn"]
    return made


def test_a_published_message_has_its_subject_text_and_attributes(aws: LocalAws, arn: str) -> None:
    people = Subscriber.of(aws, arn)
    Topic(aws.client("sns"), arn).send(MESSAGE)
    told = people.next()
    assert told["Subject"] == MESSAGE.subject
    assert told["Message"] == MESSAGE.body
    attributes = {name: each["Value"] for name, each in told["MessageAttributes"].items()}
    assert attributes == MESSAGE.attributes
    assert attributes["code"] == "no-backup"


def test_a_subscriber_may_choose_by_the_attributes(aws: LocalAws, arn: str) -> None:
    sns, people = aws.client("sns"), Subscriber.of(aws, arn)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"],
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps({"kind": ["resolved"]}),
    )
    Topic(sns, arn).send(MESSAGE)
    assert people.arrived() == []


ALARM = json.dumps({"AlarmName": "Lifeboat-monitor-heartbeat", "NewStateValue": "ALARM"})


@pytest.mark.parametrize(
    ("filters", "arrives"),
    [
        ({"FilterPolicy": {"level": ["critical"]}}, "the monitor's"),
        ({"FilterPolicy": {"level": ["critical", {"exists": False}]}}, "the monitor's"),
        (
            {
                "FilterPolicyScope": "MessageBody",
                "FilterPolicy": {"AlarmName": [{"exists": True}]},
            },
            "the alarm's",
        ),
        ({}, "both"),
    ],
)
def test_filters_let_through_what_the_settings_page_says(
    aws: LocalAws, arn: str, filters: dict[str, Any], arrives: str
) -> None:
    sns, people = aws.client("sns"), Subscriber.of(aws, arn)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    for name, value in filters.items():
        sns.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"],
            AttributeName=name,
            AttributeValue=value if isinstance(value, str) else json.dumps(value),
        )
    critical = replace(MESSAGE, attributes={**MESSAGE.attributes, "level": "critical"})
    Topic(sns, arn).send(critical)
    sns.publish(TopicArn=arn, Message=ALARM)
    told = {each["Message"] for each in (*people.arrived(), *people.arrived())}
    assert (
        told
        == {
            "the monitor's": {critical.body},
            "the alarm's": {ALARM},
            "both": {critical.body, ALARM},
        }[arrives]
    )


@pytest.mark.parametrize(("wanted", "hears"), [("shop", True), ("crm", False)])
def test_who_listens_for_one_database_hears_of_it_among_several(
    aws: LocalAws, arn: str, wanted: str, *, hears: bool
) -> None:
    sns, people = aws.client("sns"), Subscriber.of(aws, arn)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"],
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps({"database": [wanted]}),
    )
    both = [replace(empty().findings()[0], database=name) for name in ("app", "shop")]
    message = alert_message(both, kind=Kind.NEW, now=datetime.now(UTC), installation=INSTALLATION)
    Topic(sns, arn).send(message)
    heard = [each["Subject"] for each in people.arrived(2)]
    assert heard == ([message.subject] if hears else [])


def test_with_slack_only_https_subscribers_get_its_json(aws: LocalAws, arn: str) -> None:
    people, published = Subscriber.of(aws, arn), []
    client = aws.client("sns")
    client.meta.events.register(
        "before-parameter-build.sns.Publish", lambda params, **_: published.append(params)
    )
    Topic(client, arn, slack=True).send(MESSAGE)
    assert people.next()["Message"] == MESSAGE.body
    (parameters,) = published
    assert parameters["MessageStructure"] == "json"
    custom = json.loads(json.loads(parameters["Message"])["https"])
    assert (custom["version"], custom["source"]) == ("1.0", "custom")


def test_a_topic_that_refuses_is_an_error_that_says_what_was_not_reported(
    aws: LocalAws, arn: str
) -> None:
    role = make_role(aws, allow("sns:Publish", f"{arn}-other"))
    for topic in (
        Topic(aws.client("sns", role_arn=role), arn),
        Topic(aws.client("sns"), f"{arn}-gone"),
    ):
        with pytest.raises(NotificationError) as caught:
            topic.send(MESSAGE)
        assert MESSAGE.subject in caught.value.what
        assert "make deploy" in caught.value.todo


@dataclass
class Endpoint:
    """An HTTPS server that does what a test wants; keeps what it was sent."""

    url: str
    pool: urllib3.PoolManager
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    answered: Event = field(default_factory=Event)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    certificate = issue(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            seen.posts.append((self.path, json.loads(self.rfile.read(length))))
            if seen.silent:
                seen.answered.wait(60)
                seen.answered.set()
            self.send_response(seen.status)
            for name, value in seen.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            seen.gets.append(self.path)
            self.send_response(seen.status)
            for name, value in seen.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    pool = urllib3.PoolManager(ca_certs=str(certificate.ca_file), timeout=0.5, retries=False)
    seen = Endpoint(f"https://localhost:{server.server_port}/{BAIT}", pool)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield seen
    pool.clear()
    server.shutdown()
    server.server_close()
    thread.join()


def webhook(aws: LocalAws, text: str, pool: urllib3.PoolManager | None = None) -> Webhook:
    secrets = aws.client("secretsmanager")
    made = secrets.create_secret(Name=f"hook-{uuid4().hex[:8]}", SecretString=text)
    return Webhook(SecretUrl(store_of(aws), made["ARN"], "webhook"), *([pool] if pool else []))


def refusal(hook: Webhook, message: Message = MESSAGE) -> NotificationError:
    with pytest.raises(NotificationError) as caught:
        hook.send(message)
    assert BAIT not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    return caught.value


def test_a_webhook_gets_the_message_as_json(aws: LocalAws, endpoint: Endpoint) -> None:
    for text in (endpoint.url, f" {endpoint.url}\n", json.dumps({"url": endpoint.url})):
        webhook(aws, text, endpoint.pool).send(MESSAGE)
    assert len(endpoint.posts) == 3
    path, payload = endpoint.posts[-1]
    assert path == f"/{BAIT}"
    assert (payload["subject"], payload["code"]) == (MESSAGE.subject, "no-backup")
    assert payload["body"] == MESSAGE.body


@pytest.mark.parametrize("status", [199, 302, 400, 404, 500, 503])
def test_whatever_is_not_a_success_is_a_refusal(
    aws: LocalAws, endpoint: Endpoint, status: int
) -> None:
    endpoint.status = status
    error = refusal(webhook(aws, endpoint.url, endpoint.pool))
    assert f"Sending '{MESSAGE.subject}' to the webhook at localhost failed" in error.what


def test_a_redirection_is_not_followed(aws: LocalAws, endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 307, {"Location": endpoint.url}
    error = refusal(webhook(aws, endpoint.url, endpoint.pool))
    assert "HTTP 307" in error.what
    assert len(endpoint.posts) == 1


def test_a_webhook_that_never_answers_is_given_up(aws: LocalAws, endpoint: Endpoint) -> None:
    endpoint.silent = True
    error = refusal(webhook(aws, endpoint.url, endpoint.pool))
    assert not endpoint.answered.is_set()
    endpoint.answered.set()
    assert "ReadTimeoutError" in error.what


def test_a_stranger_in_its_place_and_nobody_there_are_refusals(
    aws: LocalAws, endpoint: Endpoint
) -> None:
    assert "SSLError" in refusal(webhook(aws, endpoint.url)).what
    nowhere = webhook(aws, f"https://localhost:1/{BAIT}", endpoint.pool)
    assert "NewConnectionError" in refusal(nowhere).what
    assert endpoint.posts == []


@pytest.mark.parametrize(
    "text",
    [
        f"http://localhost/{BAIT}",
        f"{BAIT}",
        '{"url": 7}',
        "{",
        "[]",
        f"https:///{BAIT}",
        f"https://[{BAIT}",
    ],
)
def test_what_is_no_https_url_is_refused_unseen(aws: LocalAws, text: str) -> None:
    assert "does not contain an HTTPS URL" in refusal(webhook(aws, text)).what


def test_the_url_may_be_kept_in_a_parameter(aws: LocalAws, endpoint: Endpoint) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/hook", Type="SecureString", Value=endpoint.url)
    arn = ssm.get_parameter(Name="/hook")["Parameter"]["ARN"]
    Webhook(SecretUrl(store_of(aws), arn, "webhook"), endpoint.pool).send(MESSAGE)
    assert [path for path, _ in endpoint.posts] == [f"/{BAIT}"]


def test_a_secret_that_is_not_there_is_a_refusal(aws: LocalAws) -> None:
    hook = Webhook(
        SecretUrl(store_of(aws), "arn:aws:secretsmanager:us-east-1:0:secret:gone", "webhook")
    )
    assert "Reading the webhook's URL failed: Could not read the secret" in refusal(hook).what


def heartbeat(aws: LocalAws, endpoint: Endpoint) -> Heartbeat:
    secrets = aws.client("secretsmanager")
    made = secrets.create_secret(Name=f"beat-{uuid4().hex[:8]}", SecretString=endpoint.url)
    return Heartbeat(SecretUrl(store_of(aws), made["ARN"], "heartbeat"), endpoint.pool)


def test_a_heartbeat_requests_its_url_once_and_sends_nothing(
    aws: LocalAws, endpoint: Endpoint
) -> None:
    heartbeat(aws, endpoint).beat()
    assert endpoint.gets == [f"/{BAIT}"]
    assert endpoint.posts == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_watcher_that_does_not_hear_is_an_error_without_its_url(
    aws: LocalAws, endpoint: Endpoint, status: int
) -> None:
    endpoint.status, endpoint.headers = status, {"Location": endpoint.url}
    with pytest.raises(NotificationError) as caught:
        heartbeat(aws, endpoint).beat()
    assert caught.value.what == f"The heartbeat to localhost failed: HTTP {status}."
    assert BAIT not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert len(endpoint.gets) == 1

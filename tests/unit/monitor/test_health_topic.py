"""Who hears what the monitor says, and what it says of those who don't."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Finding, Health, Level, overall
from lifeboat.alerts.policy.topic_facts import (
    MISSING_PERIOD,
    KnownSubscriber,
    Subscription,
    TopicFacts,
    addresses_by_fingerprint,
    with_subscribers,
)
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.monitor.policy.checks.topic import needs_subscriber
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import Facts, Unknown
from lifeboat.monitor.policy.status import status_of
from lifeboat.settings import AlertSettings, WatchedSettings
from tests.support.aws_commands import parse
from tests.support.monitor_harness import Monitor
from tests.support.seen_bucket import (
    BUCKET,
    DAY,
    HOUR,
    LISTENER,
    NOW,
    RULES,
    SETTINGS,
    TOPIC,
    UNKNOWN,
    SeenBucket,
    healthy,
)

ANN, BOB = "ann@example.com", "bob@example.org"
HOOK = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hook-AbCdEf"
ABOUT_THE_TOPIC = {
    Code.NO_SUBSCRIBER,
    Code.SUBSCRIPTION_PENDING,
    Code.SUBSCRIPTION_MISSING,
    Code.CHECK_INCOMPLETE,
}


def mail(address: str, *, confirmed: bool = True) -> Subscription:
    return Subscription(protocol="email", endpoint=address, confirmed=confirmed)


def topic(*subscriptions: Subscription) -> TopicFacts:
    return TopicFacts(arn=TOPIC, subscriptions=subscriptions)


def settings(**alerts: object) -> WatchedSettings:
    return SETTINGS.model_copy(update={"alerts": AlertSettings.model_validate(alerts)})


def seen(facts: TopicFacts | Unknown, *, bucket: SeenBucket | None = None) -> Facts:
    return replace((bucket or healthy()).facts(), topic=facts)


def ill_bucket() -> SeenBucket:
    """One that is wrong in two ways."""
    return healthy(unmanaged_prefixes=("tmp/",), configuration=replace(BUCKET, versioning=False))


def about(facts: TopicFacts | Unknown, **alerts: object) -> list[Finding]:
    """What is found about the topic alone."""
    found = evaluate(seen(facts), settings(**alerts), NOW)
    return [each for each in found if each.code in ABOUT_THE_TOPIC]


def only(facts: TopicFacts | Unknown, **alerts: object) -> Finding:
    (finding,) = about(facts, **alerts)
    return finding


@pytest.mark.parametrize(
    ("subscriptions", "alerts"),
    [
        ([mail(ANN)], {"emails": [ANN]}),
        ([mail("Ann@Example.com")], {"emails": [ANN]}),
        ([mail(ANN, confirmed=False), mail(ANN)], {"emails": [ANN]}),
        ([mail(BOB), mail(ANN), LISTENER], {"emails": [ANN, BOB]}),
        ([LISTENER], {}),
        ([LISTENER], {"webhook_url_secret_arn": HOOK}),
        ([Subscription(protocol="https", endpoint="https://chatbot/x")], {"slack": True}),
    ],
)
def test_nothing_is_said_where_all_who_should_listen_do(
    subscriptions: list[Subscription], alerts: dict[str, object]
) -> None:
    assert about(topic(*subscriptions), **alerts) == []


@pytest.mark.parametrize(
    "subscriptions", [[], [mail(ANN, confirmed=False)], [mail(BOB, confirmed=False)]]
)
@pytest.mark.parametrize(
    "alerts",
    [
        {},
        {"emails": [ANN]},
        {"slack": True},
        {"emails": [ANN], "webhook_url_secret_arn": HOOK},
        {"slack": True, "webhook_url_secret_arn": HOOK},
    ],
)
def test_a_topic_without_a_confirmed_subscription_is_one_critical_finding(
    subscriptions: list[Subscription], alerts: dict[str, object]
) -> None:
    finding = only(topic(*subscriptions), **alerts)
    assert finding.code is Code.NO_SUBSCRIBER
    assert finding.level is Level.CRITICAL
    assert needs_subscriber(finding)
    assert "such as monitor-heartbeat, reach nobody" in finding.fact


def test_who_chose_a_webhook_alone_is_warned_that_alarms_do_not_go_there() -> None:
    finding = only(topic(), webhook_url_secret_arn=HOOK)
    assert finding.code is Code.NO_SUBSCRIBER
    assert finding.level is Level.WARNING
    assert not needs_subscriber(finding)
    assert "monitor's own messages go to the webhook" in finding.fact


def test_it_tells_how_each_address_gets_its_mail_and_confirms_it_for_good() -> None:
    advice = "\n".join(map(str, only(topic(mail(ANN, confirmed=False)), emails=[ANN, BOB]).advice))
    assert f"Find AWS's email to {ANN}" in advice
    for address in (ANN, BOB):
        assert (
            f"aws sns subscribe --region us-east-1 --topic-arn {TOPIC} --protocol email"
            f" --notification-endpoint {address}" in advice
        )
    assert "aws sns confirm-subscription --region us-east-1" in advice
    assert "--authenticate-on-unsubscribe true" in advice


def test_its_commands_are_ones_that_the_cli_knows() -> None:
    findings = [
        *about(topic(mail(ANN, confirmed=False)), emails=[ANN, BOB]),
        *about(topic(mail(ANN, confirmed=False), LISTENER), emails=[ANN, BOB]),
    ]
    said = [step.command for each in findings for step in each.advice if "aws sns" in step.command]
    calls = [parse(shlex.split(step)[1:]) for step in said]
    assert {each.operation for each in calls} == {"subscribe", "confirm-subscription"}
    for each in calls:
        assert each.parameters["TopicArn"] == TOPIC
        assert each.options["--region"] == "us-east-1"
        if each.operation == "confirm-subscription":
            assert each.parameters["AuthenticateOnUnsubscribe"] == "true"


def test_that_nobody_listens_stands_above_all_else_in_the_status() -> None:
    early = LifecycleRule(id="daily", prefix="daily/", expire_days=1)
    bucket = replace(BUCKET, lifecycle=(*RULES, early))
    facts = seen(topic(), bucket=healthy(configuration=bucket))
    findings = evaluate(facts, SETTINGS, NOW)
    assert findings[0].code is Code.NO_SUBSCRIBER
    assert sum(each.level is Level.CRITICAL for each in findings) > 1
    status = status_of(facts, SETTINGS, findings, NOW)
    assert status.health is Health.CRITICAL
    assert "CRITICAL: the bucket has no confirmed subscriber" in status.as_text()


def test_an_address_that_is_not_confirmed_is_named_while_others_listen() -> None:
    finding = only(topic(mail(ANN, confirmed=False), mail(BOB)), emails=[ANN, BOB])
    assert finding.code is Code.SUBSCRIPTION_PENDING
    assert finding.level is Level.WARNING
    assert finding.fact.startswith(f"{ANN} has not confirmed")
    assert "48 h" in finding.fact
    assert "an unchanged `make deploy` does not create it again" in finding.fact


def test_an_address_that_has_no_subscription_is_named_while_others_listen() -> None:
    finding = only(topic(mail(BOB), LISTENER), emails=[ANN, BOB])
    assert finding.code is Code.SUBSCRIPTION_MISSING
    assert finding.level is Level.WARNING
    assert finding.fact.startswith(f"{ANN} is in the settings but not subscribed")
    assert f"--notification-endpoint {ANN}" in finding.advice[0].command


def test_a_topic_that_may_not_be_looked_at_is_not_healthy() -> None:
    finding = only(UNKNOWN, emails=[ANN])
    assert (finding.code, finding.subject) == (Code.CHECK_INCOMPLETE, "topic")
    assert overall([finding]) is Health.WARNING


def test_addresses_stay_out_of_what_is_remembered_logged_and_measured() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB]), webhook=True)
    hook = Subscription(protocol="https", endpoint="https://events.example.net/key-s3cr3t")
    monitor.look(seen(topic(mail(ANN), mail(BOB, confirmed=False), hook)), NOW)
    monitor.look(seen(topic(mail(BOB, confirmed=False), LISTENER)), NOW + HOUR)
    assert monitor.state is not None
    remembered = monitor.state.to_json().decode()
    assert '"email at example.com"' in remembered
    assert '"https to events.example.net"' in remembered
    logged = [f"{each.headline} {each.identity}" for each in monitor.findings]
    for text in (remembered, *logged):
        for secret in (ANN, BOB, "s3cr3t"):
            assert secret not in text


def kinds(monitor: Monitor) -> list[tuple[str, str]]:
    return sorted(monitor.told)


def test_what_was_reported_while_nobody_was_confirmed_is_reported_to_the_first_who_is() -> None:
    monitor = Monitor(settings(emails=[ANN]))
    ill = ill_bucket()
    waiting = seen(topic(mail(ANN, confirmed=False)), bucket=ill)
    for hours in range(3):
        monitor.look(waiting, NOW + hours * HOUR)
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW + 3 * HOUR)
    assert kinds(monitor) == [("new", "unmanaged-prefix"), ("new", "versioning-disabled")]
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW + 4 * HOUR)
    assert monitor.told == []


def test_a_webhook_hears_it_once_and_both_hear_it_when_somebody_is_confirmed() -> None:
    monitor = Monitor(settings(emails=[ANN], webhook_url_secret_arn=HOOK), webhook=True)
    ill = ill_bucket()
    wrong = [("new", "unmanaged-prefix"), ("new", "versioning-disabled")]
    monitor.look(seen(topic(), bucket=ill), NOW)
    assert kinds(monitor) == sorted([*wrong, ("new", "no-subscriber")])
    monitor.look(seen(topic(), bucket=ill), NOW + HOUR)
    assert monitor.told == []
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW + 2 * HOUR)
    assert kinds(monitor) == sorted([*wrong, ("resolved", "no-subscriber")])


def test_what_was_resolved_while_nobody_listened_is_reported_to_those_who_heard_of_it() -> None:
    monitor = Monitor(settings(emails=[ANN]))
    ill = ill_bucket()
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW)
    assert ("new", "versioning-disabled") in monitor.told
    monitor.look(seen(topic()), NOW + HOUR)
    assert monitor.state is not None
    assert monitor.state.no_subscriber_since == NOW + HOUR
    monitor.look(seen(topic(mail(ANN))), NOW + 2 * HOUR)
    assert ("resolved", "versioning-disabled") in monitor.told


def test_a_second_subscriber_tells_nobody_anything_anew() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB]))
    ill = ill_bucket()
    monitor.look(seen(topic(mail(ANN), mail(BOB, confirmed=False)), bucket=ill), NOW)
    assert ("new", "subscription-pending") in monitor.told
    monitor.look(seen(topic(mail(ANN), mail(BOB)), bucket=ill), NOW + HOUR)
    assert monitor.told == [("resolved", "subscription-pending")]


def test_that_it_could_not_look_is_no_reason_to_tell_everything_again() -> None:
    monitor = Monitor(settings(emails=[ANN]))
    ill = ill_bucket()
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW)
    monitor.look(seen(UNKNOWN, bucket=ill), NOW + HOUR)
    assert monitor.told == [("new", "check-incomplete")]
    monitor.look(seen(topic(mail(ANN)), bucket=ill), NOW + 2 * HOUR)
    assert monitor.told == [("resolved", "check-incomplete")]


def test_a_subscription_that_expires_is_never_reported_as_resolved() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB]))
    steps = [
        (topic(mail(ANN), mail(BOB, confirmed=False)), [("new", "subscription-pending")]),
        (topic(mail(ANN)), [("new", "subscription-missing")]),
        (topic(mail(ANN), mail(BOB, confirmed=False)), [("new", "subscription-pending")]),
        (topic(mail(ANN), mail(BOB)), [("resolved", "subscription-pending")]),
    ]
    for hours, (facts, told) in enumerate(steps):
        monitor.look(seen(facts), NOW + hours * HOUR)
        assert kinds(monitor) == told


def test_what_is_pending_stays_so_while_nobody_listens_at_all() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB], webhook_url_secret_arn=HOOK), webhook=True)
    monitor.look(seen(topic(mail(ANN), mail(BOB, confirmed=False))), NOW)
    monitor.look(seen(topic(mail(BOB, confirmed=False))), NOW + HOUR)
    assert monitor.told == [("new", "no-subscriber")]


def test_an_address_that_unsubscribes_is_reported_until_it_is_back_or_out_of_the_settings() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB]))
    monitor.look(seen(topic(mail(ANN), mail(BOB))), NOW)
    monitor.look(seen(topic(mail(ANN))), NOW + HOUR)
    assert monitor.told == [("new", "subscription-missing")]
    (finding,) = monitor.findings
    assert finding.since == NOW + HOUR
    assert "was confirmed before" in finding.fact
    late = NOW + HOUR + 2 * MISSING_PERIOD
    monitor.look(seen(topic(mail(ANN))), late)
    assert Code.SUBSCRIPTION_MISSING in {each.code for each in monitor.findings}
    monitor.settings = settings(emails=[ANN])
    monitor.look(seen(topic(mail(ANN))), late + HOUR)
    assert Code.SUBSCRIPTION_MISSING not in {each.code for each in monitor.findings}
    assert [each for each in monitor.told if "subscription" in each[1]] == []


def test_an_address_taken_out_of_the_settings_with_its_subscription_is_no_loss() -> None:
    monitor = Monitor(settings(emails=[ANN, BOB]))
    monitor.look(seen(topic(mail(ANN), mail(BOB))), NOW)
    monitor.settings = settings(emails=[ANN])
    monitor.look(seen(topic(mail(ANN))), NOW + HOUR)
    assert monitor.told == []
    assert monitor.findings == ()


def test_a_subscriber_of_ones_own_is_missed_for_a_week_and_then_forgotten() -> None:
    monitor = Monitor(settings(emails=[ANN]))
    monitor.look(seen(topic(mail(ANN), LISTENER)), NOW)
    monitor.look(seen(topic(mail(ANN))), NOW + HOUR)
    assert monitor.told == [("new", "subscription-missing")]
    (finding,) = monitor.findings
    assert "is gone: sqs to pager" in finding.fact
    gone = NOW + HOUR
    lost = Code.SUBSCRIPTION_MISSING
    monitor.look(seen(topic(mail(ANN))), gone + MISSING_PERIOD - HOUR)
    assert lost in {each.code for each in monitor.findings}
    monitor.look(seen(topic(mail(ANN))), gone + MISSING_PERIOD)
    assert lost not in {each.code for each in monitor.findings}
    assert "resolved" not in {kind for kind, _ in monitor.told}


_STATES = st.sampled_from(["confirmed", "pending", "absent"])
_LOOKS = st.lists(st.tuples(_STATES, _STATES, st.booleans()), min_size=1, max_size=12)


def _topic_of(ann: str, bob: str) -> TopicFacts:
    states = ((ANN, ann), (BOB, bob))
    return topic(
        *(mail(who, confirmed=state == "confirmed") for who, state in states if state != "absent")
    )


@tries(max_examples=30)
@given(_LOOKS)
def test_whoever_is_confirmed_first_has_heard_all_that_is_wrong(
    looks: list[tuple[str, str, bool]],
) -> None:
    """Whatever happened before: at each look, what is wrong was told while somebody listened."""
    monitor, heard = Monitor(settings(emails=[ANN, BOB])), set[tuple[str, str, str]]()
    for hours, (ann, bob, ill) in enumerate(looks):
        facts = _topic_of(ann, bob)
        bucket = ill_bucket() if ill else healthy()
        before = monitor.state
        monitor.look(seen(facts, bucket=bucket), NOW + hours * HOUR)
        if not facts.has_subscriber:
            heard.clear()
            continue
        told = {code for kind, code in monitor.told if kind == "new"}
        heard |= {each.identity for each in monitor.findings if each.code.value in told}
        wrong = {each.identity for each in monitor.findings if each.level is not Level.INFO}
        assert wrong <= heard, before
        heard &= wrong


@given(
    st.lists(st.tuples(st.sets(st.sampled_from([ANN, BOB])), st.sets(st.sampled_from([ANN, BOB]))))
)
def test_only_what_was_once_confirmed_is_remembered_and_what_is_there_is_not_missed(
    looks: list[tuple[set[str], set[str]]],
) -> None:
    subscribers: dict[str, KnownSubscriber] = {}
    deaf = None
    once: set[str] = set()
    for days, (there, named) in enumerate(looks):
        facts = topic(*(mail(each) for each in sorted(there)))
        known = with_subscribers(
            facts, subscribers, deaf, addresses_by_fingerprint(named), NOW + days * DAY
        )
        once |= set(addresses_by_fingerprint(there))
        assert set(known.subscribers) <= once
        assert {mark for mark, each in known.subscribers.items() if not each.missing_since} == set(
            addresses_by_fingerprint(there)
        )
        assert (known.no_subscriber_since is None) == bool(there)
        subscribers, deaf = dict(known.subscribers), known.no_subscriber_since


def test_a_stack_that_can_restore_nowhere_says_so_and_alarms_nobody() -> None:
    nowhere = SETTINGS.model_copy(update={"restorable": False})
    (finding,) = evaluate(healthy().facts(), nowhere, NOW)
    assert (finding.code, finding.level) == (Code.NO_RESTORE_TARGET, Level.INFO)
    assert overall([finding]) is Health.HEALTHY
    assert evaluate(healthy().facts(), SETTINGS, NOW) == ()

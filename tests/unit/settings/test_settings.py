"""What a person may write into lifeboat.toml, and what it is told when it is something else."""

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import EventError, SettingsError
from lifeboat.model.tiers import Tier
from lifeboat.settings import (
    EXPECTATION,
    AlertSettings,
    BackupSettings,
    DatabaseSettings,
    Deployment,
    DrillSettings,
    MonitorSettings,
    NetworkSettings,
    ProviderSettings,
    Retention,
    Settings,
    TierRetention,
    WatchedNeon,
    WatchedSettings,
    parse,
)
from tests.support.bad_settings import (
    ARN,
    BAD_SETTINGS,
    HERE,
    KEY_ARN,
    NETWORK,
    TARGET,
    with_alerts,
    with_database,
    with_drill,
    with_neon,
    with_query,
    with_settings,
)


def refusal_of(lifeboat: object, **overrides: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse({"lifeboat": lifeboat, **overrides}, deployment=HERE)
    return caught.value.what


def test_two_keys_are_enough_and_the_rest_has_good_defaults() -> None:
    settings = parse({"lifeboat": with_database()})

    assert settings == Settings(
        databases=(
            DatabaseSettings(
                name="app",
                secret_arn=ARN,
                secret_key_arn=None,
                cron="0 2 * * ? *",
                timezone="UTC",
                exclude_table_data=(),
                validation=(),
            ),
        ),
        retention=Retention(
            daily=TierRetention(days=30, hot_days=30, storage_class="STANDARD"),
            weekly=TierRetention(days=90, hot_days=30, storage_class="GLACIER"),
            monthly=TierRetention(days=365, hot_days=30, storage_class="DEEP_ARCHIVE"),
            manual=TierRetention(days="forever", hot_days=30, storage_class="DEEP_ARCHIVE"),
        ),
        encryption="S3",
        object_lock="governance",
        architecture="arm64",
        network=None,
        backup=BackupSettings(
            memory_mb=1769,
            timeout_minutes=15,
            ephemeral_mb=512,
            lock_wait_seconds=30,
            compression="zstd:1",
        ),
        drill=DrillSettings(
            enabled=True,
            cron="0 5 ? * MON *",
            memory_mb=3008,
            timeout_minutes=15,
            ephemeral_mb=4096,
            rto_minutes=60,
            jobs=2,
            target_secret_arns=(),
            target_secret_key_arns=(),
            validation_seconds=60,
        ),
        monitor=MonitorSettings(
            cron="15 * * * ? *",
            max_age_hours=25,
            max_drill_age_days=35,
            shrink_percent=50,
            table_loss_percent=50,
            table_loss_rows=100,
            unchanged_days=7,
            forecast_days=30,
            history=30,
        ),
        alerts=AlertSettings(
            emails=(),
            webhook_url_secret_arn=None,
            webhook_url_secret_key_arn=None,
            slack=False,
            remind_hours=24,
            timezone="UTC",
            runbook_url=None,
            digest="MON 08:00",
            heartbeat_url_secret_arn=None,
            heartbeat_url_secret_key_arn=None,
            topic_key_arn=None,
        ),
    )
    assert settings.retention.manual.days is None


def test_the_settings_may_come_as_json_text_from_the_command_line() -> None:
    assert parse({"lifeboat": json.dumps(with_database())}) == parse({"lifeboat": with_database()})


def test_a_dotted_key_replaces_one_value() -> None:
    settings = parse(
        {
            "lifeboat": with_database(cron="0 3 * * ? *"),
            "lifeboat.architecture": "x86_64",
            "lifeboat.backup.memory_mb": "2048",
            "lifeboat.backup.lock_wait_seconds": "45",
            "lifeboat.databases.0.timezone": "Europe/Berlin",
            "lifeboat.retention.manual": '{"days": 400}',
            "lifeboat.network": json.dumps(NETWORK),
            "stack_name": "Another",
        }
    )

    assert settings.architecture == "x86_64"
    assert settings.backup == BackupSettings(memory_mb=2048, lock_wait_seconds=45)
    assert settings.databases[0].timezone == "Europe/Berlin"
    assert settings.databases[0].cron == "0 3 * * ? *"
    assert settings.retention.manual.days == 400
    assert settings.retention.manual.storage_class == "DEEP_ARCHIVE"
    assert settings.network == NetworkSettings.model_validate(NETWORK)


def test_dotted_keys_alone_can_describe_databases() -> None:
    settings = parse(
        {
            "lifeboat.databases.0.name": "app",
            "lifeboat.databases.0.secret_arn": ARN,
            "lifeboat.databases.1.name": "shop",
            "lifeboat.databases.1.secret_arn": ARN,
        }
    )

    assert [database.name for database in settings.databases] == ["app", "shop"]


def test_an_override_leaves_the_context_as_it_was() -> None:
    context = {"lifeboat": with_database(), "lifeboat.databases.0.timezone": "Europe/Berlin"}
    before = json.dumps(context)

    parse(context)

    assert json.dumps(context) == before


@pytest.mark.parametrize(
    ("key", "has"),
    [
        ("lifeboat.encryption.key", '"S3"'),
        ("lifeboat.databases.7.name", "a list"),
        ("lifeboat.databases.first.name", "a list"),
    ],
)
def test_an_override_that_leads_nowhere_is_named(key: str, has: str) -> None:
    told = refusal_of(with_settings(encryption="S3"), **{key: "x"})

    assert f"{key} cannot be set" in told
    assert has.removeprefix("a list") in told


@pytest.mark.parametrize(("lifeboat", "key", "has", "may_be"), BAD_SETTINGS)
def test_nonsense_is_reported_with_its_key_its_value_and_what_it_may_be(
    lifeboat: dict[str, Any], key: str, has: str, may_be: str
) -> None:
    (line,) = refusal_of(lifeboat).splitlines()[1:2]

    assert line.startswith("  - lifeboat.")
    assert f"{key} is " in line
    value, _, allowed = line.partition("; it may be ")
    assert has in value or has in allowed
    assert may_be in refusal_of(lifeboat)


@pytest.mark.parametrize("lifeboat", [case[0] for case in BAD_SETTINGS])
def test_each_piece_of_nonsense_is_reported_once(lifeboat: dict[str, Any]) -> None:
    assert refusal_of(lifeboat).count("  - lifeboat.") == 1


def test_one_error_lists_every_bad_key() -> None:
    told = refusal_of(
        with_database(cron="never", timezone="Mars")
        | {"retention": {"daily": {"days": 0}}, "object_lock": "maybe", "backups": {}}
    )

    assert [line.split(" ")[3] for line in told.splitlines()[1:]] == [
        "lifeboat.databases.0.cron",
        "lifeboat.databases.0.timezone",
        "lifeboat.retention.daily.days",
        "lifeboat.object_lock",
        "lifeboat.backups",
    ]


@pytest.mark.parametrize(
    ("lifeboat", "told"),
    [
        (
            with_settings(retenton={}),
            "retenton is unknown; did you mean 'retention'? Known here: d",
        ),
        (with_database(secret="x"), "databases.0.secret is unknown"),
        (
            with_settings(backup={"memory": 1}),
            "backup.memory is unknown; did you mean 'memory_mb'?",
        ),
        (with_settings(retention={"yearly": {}}), "retention.yearly is unknown"),
        (
            with_settings(retention={"daily": {"lockdays": 1}}),
            "daily.lockdays is unknown; did you mean 'lock_days'?",
        ),
        (with_settings(network=NETWORK | {"vpc": "x"}), "network.vpc is unknown; did you mean"),
        (
            with_settings(retention={"daily": {"stated_lock_days": 1}}),
            "daily.stated_lock_days is unknown; did you mean 'lock_days'?",
        ),
        ({}, "lifeboat.databases is missing: The databases to back up"),
        ({"databases": [{"name": "a"}]}, "lifeboat.databases.0.secret_arn is missing: Full ARN of"),
        (with_settings(network={}), "lifeboat.network.subnet_ids is missing: Private subnets"),
        (
            with_drill(schedule="x"),
            "drill.schedule is unknown. Known here: memory_mb, timeout_minutes",
        ),
        (with_alerts(email=[]), "alerts.email is unknown; did you mean 'emails'?"),
        (with_database(validation=[{}]), "databases.0.validation.0.sql is missing: The query"),
        # A key of TOML belongs to the table above it, so a good one may stand in a wrong place.
        (
            with_database(dashboard=False),
            "0.dashboard is unknown; it belongs above the first [table].",
        ),
        (with_alerts(stack_name="X"), "stack_name is unknown; it belongs above the first [table]."),
        (
            with_database(allowance_gb=5),
            "unknown; it belongs in databases.transfer. Known here: name",
        ),
        (
            with_alerts(memory_mb=5),
            "unknown; it belongs in backup or drill or restore. Known here:",
        ),
        (with_settings(emails=[]), "lifeboat.emails is unknown; it belongs in alerts. Known here:"),
        (with_settings(stackname="X"), "lifeboat.stackname is unknown; did you mean 'stack_name'?"),
    ],
)
def test_a_key_that_is_unknown_or_missing_is_reported_with_what_belongs_there(
    lifeboat: dict[str, Any], told: str
) -> None:
    assert told in refusal_of(lifeboat)


@pytest.mark.parametrize(
    "value",
    ["postgresql://app:hunter2@db.example.com/app", "host=db password=hunter2 dbname=app"],
)
def test_a_connection_string_in_the_wrong_place_is_not_repeated(value: str) -> None:
    told = refusal_of(with_database(secret_arn=value))

    assert "hunter2" not in told
    assert "lifeboat.databases.0.secret_arn is something not shown here" in told


def test_a_key_of_neon_in_the_place_of_its_secret_is_not_repeated() -> None:
    told = refusal_of(with_neon(api_key_secret_arn="napi_hunter2"))

    assert "hunter2" not in told
    assert "lifeboat.databases.0.neon.api_key_secret_arn is something not shown here" in told


@pytest.mark.parametrize(
    ("lifeboat", "key"),
    [
        (with_database(secret_arn=ARN.replace("eu-central-1", "us-east-1")), "0.secret_arn"),
        (with_database(secret_arn=ARN.replace("123456789012", "210987654321")), "0.secret_arn"),
        (with_settings(encryption=KEY_ARN.replace("eu-central-1", "us-east-1")), "encryption"),
        (with_database(secret_key_arn=KEY_ARN.replace("12345678", "87654321")), "secret_key_arn"),
        (
            with_drill(target_secret_arns=[TARGET.replace("eu-central", "eu-west")]),
            "drill.target_secret_arns.0",
        ),
        (with_alerts(topic_key_arn=KEY_ARN.replace("eu-central", "eu-west")), "topic_key_arn"),
        (
            with_neon(api_key_secret_arn=TARGET.replace("eu-central", "eu-west")),
            "0.neon.api_key_secret_arn",
        ),
    ],
)
def test_an_arn_of_another_account_or_region_is_refused(lifeboat: dict[str, Any], key: str) -> None:
    told = refusal_of(lifeboat)

    assert f"{key} is " in told
    assert ":eu-central-1:123456789012:" in told
    assert parse({"lifeboat": lifeboat})  # nobody knows the stack's yet: form alone is judged


def test_a_schedule_whose_time_is_over_still_allows_backups_by_hand() -> None:
    settings = Settings.model_validate(with_database(cron="0 2 * * ? 2020"))

    assert settings.databases[0].cron == "0 2 * * ? 2020"


@pytest.mark.parametrize("cron", ["0 2 29 2 ? *", "30 1 ? * 7L *", "0/20 * ? * MON-FRI 2026-2030"])
def test_a_rare_but_real_schedule_is_accepted(cron: str) -> None:
    settings = parse({"lifeboat": with_database(cron=cron)}, deployment=HERE)

    assert settings.databases[0].cron == cron


@pytest.mark.parametrize("name", ['"Odd Schema"."Odd ""name"', "public.t$1", '_a."*"'])
def test_exact_table_names_are_accepted(name: str) -> None:
    settings = parse({"lifeboat": with_database(exclude_table_data=[name])})

    assert settings.databases[0].exclude_table_data == (name,)


def test_a_tier_that_never_leaves_standard_is_hot_for_as_long_as_it_is_kept() -> None:
    retention = parse(
        {"lifeboat": with_settings(retention={"daily": {"days": 14}, "manual": {"days": 50}})}
    ).retention

    assert retention.daily.hot_days == 14
    assert retention.manual.hot_days == 30


@pytest.mark.parametrize(
    ("tier", "more", "days"),
    [
        ("daily", {}, 30),
        ("manual", {}, 365),
        ("manual", {"object_lock": "compliance"}, 365),
        ("manual", {"retention": {"manual": {"lock_days": 36_500}}}, 36_500),
        ("daily", {"retention": {"daily": {"days": "forever", "hot_days": 30}}}, 365),
        ("monthly", {"retention": {"monthly": {"lock_days": 7}}}, 7),
        (
            "manual",
            {"object_lock": "compliance", "retention": {"manual": {"lock_days": 100}}},
            100,
        ),
        ("daily", {"object_lock": "off"}, None),
    ],
)
def test_the_lock_lasts_to_the_end_of_the_tier_or_a_year_unless_stated(
    tier: str, more: dict[str, Any], days: int | None
) -> None:
    settings = parse({"lifeboat": with_settings(**more)})

    assert settings.lock_days(Tier(tier)) == days


def test_each_tier_has_a_retention_and_there_are_no_others() -> None:
    assert list(Retention.model_fields) == list(Tier)
    assert [Retention().of(tier).days for tier in Tier] == [30, 90, 365, None]


def test_a_function_gets_the_settings_of_its_own_database_only() -> None:
    both = parse(
        {
            "lifeboat": {
                "databases": [
                    {"name": "app", "secret_arn": ARN},
                    {"name": "shop", "secret_arn": ARN},
                ],
                "architecture": "x86_64",
            }
        }
    )

    shop = both.of_database("shop")

    assert [database.name for database in shop.databases] == ["shop"]
    assert shop.architecture == "x86_64"
    with pytest.raises(EventError, match="no database called 'blog'") as caught:
        both.of_database("blog")
    assert "app, shop" in caught.value.todo


def test_defaults_take_no_room_in_the_environment() -> None:
    settings = parse({"lifeboat": with_database()})

    assert json.loads(settings.model_dump_json(exclude_defaults=True)) == with_database()


def test_the_monitor_gets_every_database_and_no_secret_but_its_own() -> None:
    hook = ARN.replace("lifeboat/app", "lifeboat/hook")
    settings = parse(
        {
            "lifeboat": with_query()
            | {
                "drill": {"target_secret_arns": [TARGET], "rto_minutes": 30},
                "alerts": {"webhook_url_secret_arn": hook},
                "monitor": {"history": 7},
                "retention": {"daily": {"days": 14}},
                "object_lock": "off",
                "encryption": KEY_ARN,
                "backup": {"timeout_minutes": 10},
                "restore": {"export_days": 7},
            }
        }
    )

    watched = settings.watched()

    text = watched.model_dump_json(exclude_defaults=True)
    assert WatchedSettings.model_validate_json(text) == watched
    assert ARN not in text
    assert TARGET not in text
    assert "SELECT" not in text
    assert json.loads(text)["databases"] == [{"name": "app"}]
    assert watched.alerts.webhook_url_secret_arn == hook
    same = ("retention", "object_lock", "encryption", "backup", "monitor", "alerts")
    assert all(getattr(watched, name) == getattr(settings, name) for name in same)
    assert watched.drill.rto_minutes == 30
    assert watched.export_days == 7
    assert watched.lock_days(Tier.DAILY) is None


def test_the_key_of_neon_is_for_the_function_that_asks_neon() -> None:
    neon = {"project_id": "shiny-wind-028834", "api_key_secret_arn": TARGET}
    with_neon = with_database(neon=neon | {"api_key_secret_key_arn": KEY_ARN})
    other = {"name": "other", "secret_arn": ARN}
    settings = parse({"lifeboat": {"databases": [*with_neon["databases"], other]}})

    watched = settings.watched()
    assert watched.databases[0].neon == WatchedNeon(project_id="shiny-wind-028834")
    assert WatchedSettings.model_validate_json(watched.model_dump_json()) == watched
    assert TARGET not in watched.model_dump_json()

    asked = settings.at_providers()
    assert [each.name for each in asked.databases] == ["app"]
    assert asked.databases[0].neon.api_key_secret_arn == TARGET
    assert ProviderSettings.model_validate_json(asked.model_dump_json()) == asked
    assert ARN not in asked.model_dump_json()


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("no rows", {}),
        ("rows > 0", {"rows_operator": ">", "rows": "0"}),
        ("rows!=12", {"rows_operator": "!=", "rows": "12"}),
        ("value >= -1.5e3", {"operator": ">=", "number": "-1.5e3"}),
        ("value = 7", {"operator": "=", "number": "7"}),
        ('value = "say \\"hi\\""', {"equality": "=", "text": '"say \\"hi\\""'}),
        ("value != null", {"equality": "!=", "text": "null"}),
        ("value = true", {"equality": "=", "text": "true"}),
    ],
)
def test_an_expectation_says_what_is_compared_with_what(text: str, groups: dict[str, str]) -> None:
    (query,) = parse({"lifeboat": with_query(expect=text)}).databases[0].validation

    found = re.fullmatch(EXPECTATION, query.expect)
    assert found is not None
    assert {name: value for name, value in found.groupdict().items() if value} == groups


@given(st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans())
def test_any_single_json_value_can_be_expected(value: object) -> None:
    text = f"value = {json.dumps(value)}"

    found = re.fullmatch(EXPECTATION, text)

    assert found is not None
    assert json.loads(found["number"] or found["text"]) == value


@pytest.mark.parametrize("sql", ["select 1", "\n  WITH a AS (SELECT 1) TABLE a", "VALUES (1)"])
def test_a_query_may_be_written_as_people_write_it(sql: str) -> None:
    assert parse({"lifeboat": with_query(sql=sql)}).databases[0].validation[0].sql == sql


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
paths = st.lists(
    st.sampled_from(
        ["databases", "retention", "daily", "days", "backup", "network", "0", "1", "cron", "", "x"]
    ),
    max_size=4,
).map(lambda parts: ".".join(["lifeboat", *parts]))


@given(st.dictionaries(paths, json_values | st.text()))
def test_arbitrary_json_is_parsed_or_refused_and_nothing_else(context: dict[str, object]) -> None:
    with contextlib.suppress(SettingsError):
        parse(context, deployment=HERE)


@given(st.text() | st.text(alphabet="0123456789*?/,-LW# SUNMO", max_size=20))
def test_arbitrary_text_is_a_cron_that_fires_or_is_refused(cron: str) -> None:
    with contextlib.suppress(SettingsError):
        parse({"lifeboat": with_database(cron=cron)}, deployment=HERE)


days = st.integers(1, 36_500)


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, object]:
    kept = draw(days | st.just("forever"))
    longest = 36_500 if isinstance(kept, str) else kept
    storage_class = draw(st.sampled_from(["STANDARD", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]))
    hot = draw(st.integers(0, longest if storage_class == "STANDARD" else longest - 1))
    tier: dict[str, object] = {"days": kept, "hot_days": hot, "storage_class": storage_class}
    return tier | draw(st.just({}) | st.fixed_dictionaries({"lock_days": st.integers(1, longest)}))


@given(
    st.fixed_dictionaries({}, optional={tier: tiers() for tier in Tier}),
    st.sampled_from(["arm64", "x86_64"]),
    st.fixed_dictionaries(
        {},
        optional={"memory_mb": st.integers(128, 10_240), "lock_wait_seconds": st.integers(1, 600)},
    ),
)
def test_settings_survive_the_environment_of_a_function(
    retention: dict[str, object], architecture: str, backup: dict[str, object]
) -> None:
    settings = parse(
        {"lifeboat": with_settings(retention=retention, architecture=architecture, backup=backup)}
    )

    short = settings.model_dump_json(exclude_defaults=True)
    assert Settings.model_validate_json(short) == settings
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("name", ["rds!db-1b2c3d4e-AbCdEf", "rds!cluster-1b2c3d4e-AbCdEf"])
def test_a_secret_that_rds_manages_is_refused_for_what_it_lacks(name: str) -> None:
    arn = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}"

    with pytest.raises(SettingsError) as caught:
        parse({"lifeboat": {"databases": [{"name": "app", "secret_arn": arn}]}})

    assert "the one that RDS manages names no host and no database" in caught.value.what
    assert "six-character suffix" not in caught.value.what, "it has one"


PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter"


@pytest.mark.parametrize("name", ["/lifeboat/app", "/app", "/a.b/c_d-e/F"])
def test_a_connection_may_be_named_by_the_arn_of_a_parameter(name: str) -> None:
    arn = f"{PARAMETER}{name}"

    settings = parse(
        {"lifeboat": with_database(secret_arn=arn)},
        deployment=Deployment(account="123456789012", region="eu-central-1"),
    )

    assert settings.databases[0].secret_arn == arn


@pytest.mark.parametrize(
    ("arn", "may_be"),
    [
        ("/lifeboat/app", "aws ssm get-parameter --name <name> --query Parameter.ARN"),
        (f"{PARAMETER}/lifeboat/app:3", "an SSM parameter without a version"),
        (f"{PARAMETER}/lifeboat/app:label", "an SSM parameter without a version"),
        (f"{PARAMETER}/lifeboat/", "an SSM parameter"),
        (f"{PARAMETER}", "an SSM parameter"),
        (f"{PARAMETER}/a b", "an SSM parameter"),
        (
            f"{PARAMETER}/app".replace("eu-central-1", "us-east-1"),
            "the stack's own account and region, arn:...:ssm:eu-central-1:123456789012:...",
        ),
        (
            f"{PARAMETER}/app".replace("123456789012", "999999999999"),
            "the stack's own account and region, arn:...:ssm:eu-central-1:123456789012:...",
        ),
    ],
)
def test_what_names_no_parameter_of_this_stack_is_refused(arn: str, may_be: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(
            {"lifeboat": with_database(secret_arn=arn)},
            deployment=Deployment(account="123456789012", region="eu-central-1"),
        )

    assert may_be in caught.value.what


@pytest.mark.parametrize(
    ("restore", "restorable"),
    [
        ({"target_secret_arns": [TARGET]}, True),
        ({}, False),
        ({"enabled": False, "target_secret_arns": [TARGET]}, False),
    ],
)
def test_the_monitor_knows_whether_anything_can_be_restored(
    restore: dict[str, object], *, restorable: bool
) -> None:
    databases = [{"name": "app", "secret_arn": ARN}]
    settings = Settings.model_validate({"databases": databases, "restore": restore})
    assert settings.watched().restorable is restorable

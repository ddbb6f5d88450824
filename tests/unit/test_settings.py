"""What a person may write into cdk.json, and what it is told when it is something else."""

import contextlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import EventError, SettingsError
from lifeboat.settings import (
    TIERS,
    BackupSettings,
    DatabaseSettings,
    Deployment,
    NetworkSettings,
    Retention,
    Settings,
    TierRetention,
    parse,
)

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/app-AbCd12"
KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/0f0e0d0c-0b0a-0908-0706-050403020100"
HERE = Deployment(account="123456789012", region="eu-central-1", today=date(2026, 11, 22))
NETWORK = {
    "vpc_id": "vpc-0a1b2c3d",
    "availability_zones": ["eu-central-1a"],
    "subnet_ids": ["subnet-0a1b2c3d"],
    "security_group_ids": ["sg-0a1b2c3d"],
}


def with_database(**more: object) -> dict[str, Any]:
    return {"databases": [{"name": "app", "secret_arn": ARN, **more}]}


def with_settings(**more: object) -> dict[str, Any]:
    return with_database() | more


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
            checksums=False,
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
            "lifeboat.backup.checksums": "true",
            "lifeboat.databases.0.timezone": "Europe/Berlin",
            "lifeboat.retention.manual": '{"days": 400}',
            "lifeboat.network": json.dumps(NETWORK),
            "stack_name": "Another",
        }
    )

    assert settings.architecture == "x86_64"
    assert settings.backup == BackupSettings(memory_mb=2048, checksums=True)
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

    assert f"{key} leads nowhere" in told
    assert has.removeprefix("a list") in told


# The three things that every refusal says: which key, what it has, what it may be.
NONSENSE: list[tuple[dict[str, Any], str, str, str]] = [
    (with_settings(databases=[]), "databases", "[]", "a list of 1 to 40 databases"),
    (with_settings(databases="app"), "databases", '"app"', "a list of 1 to 40"),
    (with_settings(databases=["app"]), "databases.0", '"app"', "an object with name, secret_arn"),
    (with_settings(databases=2 * with_database()["databases"]), "databases", "app", "used once"),
    (with_database(name="App"), "databases.0.name", '"App"', "lower-case letters"),
    (with_database(name="a/b"), "databases.0.name", '"a/b"', "lower-case letters"),
    (with_database(name="app\n"), "databases.0.name", '"app\\n"', "lower-case letters"),
    (with_database(name="a" * 41), "databases.0.name", "a" * 41, "1 to 40"),
    (with_database(name=7), "databases.0.name", "7", "lower-case letters"),
    (with_database(secret_arn="app-db"), "databases.0.secret_arn", '"app-db"', "full ARN"),
    (with_database(secret_arn=ARN[:-7]), "databases.0.secret_arn", ARN[:-7], "six-character"),
    (with_database(secret_key_arn="alias/x"), "databases.0.secret_key_arn", "alias/x", "no alias"),
    (with_database(cron="0 2 * * *"), "databases.0.cron", '"0 2 * * *"', "six fields"),
    (with_database(cron="61 2 * * ? *"), "databases.0.cron", '"61 2', "six fields"),
    (with_database(cron="0 2 * * * *"), "databases.0.cron", '"0 2 * * * *"', "'?' for one of"),
    (with_database(cron="5/0 2 * * ? *"), "databases.0.cron", '"5/0', "six fields"),
    (with_database(cron="0 2 LW * ? *"), "databases.0.cron", '"0 2 LW', "without LW"),
    (with_database(cron="0 2 ? * L *"), "databases.0.cron", '"0 2 ? * L *"', "L only with a"),
    (with_database(cron=2), "databases.0.cron", "2", "six fields"),
    (with_database(cron="0 2 30 2 ? *"), "databases.0.cron", '"0 2 30 2', "no date after 2026-11"),
    (
        with_database(cron="0 2 * * ? 2020"),
        "databases.0.cron",
        "? 2020",
        "no date after 2026-11-22",
    ),
    (with_database(timezone="CEST"), "databases.0.timezone", '"CEST"', "IANA time zone"),
    (with_database(timezone="Europe/Berln"), "databases.0.timezone", "Berln", "mean Europe/Berlin"),
    (with_database(timezone="../UTC"), "databases.0.timezone", '"../UTC"', "IANA time zone"),
    (with_database(timezone=""), "databases.0.timezone", '""', "IANA time zone"),
    (with_database(exclude_table_data="a.b"), "databases.0.exclude_table_data", "a.b", "a list of"),
    (with_database(exclude_table_data=["b"]), "exclude_table_data.0", '"b"', "exact schema.table"),
    (with_database(exclude_table_data=["a.*"]), "exclude_table_data.0", '"a.*"', "exact schema"),
    (with_database(exclude_table_data=["a.B"]), "exclude_table_data.0", '"a.B"', "double quotes"),
    (with_database(exclude_table_data=["a.b", "a.b"]), "exclude_table_data", "a.b", "once"),
    (with_settings(retention=[]), "retention", "[]", "an object with daily, weekly"),
    (with_settings(retention={"daily": 30}), "retention.daily", "30", "an object with days"),
    (with_settings(retention={"daily": {"days": 0}}), "retention.daily.days", "0", "1 to 36500"),
    (with_settings(retention={"daily": {"days": None}}), "daily.days", "null", "'forever'"),
    (with_settings(retention={"daily": {"days": "ever"}}), "daily.days", '"ever"', "'forever'"),
    (with_settings(retention={"daily": {"days": True}}), "daily.days", "true", "'forever'"),
    (with_settings(retention={"weekly": {"days": 20}}), "weekly.hot_days", "30", "at most 19"),
    (with_settings(retention={"weekly": {"days": 30}}), "weekly.hot_days", "30", "at most 29"),
    (with_settings(retention={"daily": {"hot_days": 31}}), "daily.hot_days", "31", "at most 30"),
    (with_settings(retention={"daily": {"hot_days": -1}}), "daily.hot_days", "-1", "from 0 to"),
    (
        with_settings(retention={"weekly": {"storage_class": "STANDARD_IA", "hot_days": 29}}),
        "weekly.hot_days",
        "29",
        "30 or more",
    ),
    (
        with_settings(retention={"weekly": {"storage_class": "COLD"}}),
        "weekly.storage_class",
        '"COLD"',
        "STANDARD, STANDARD_IA, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE",
    ),
    (with_settings(retention={"daily": {"lock_days": 31}}), "daily.lock_days", "31", "at most 30"),
    (with_settings(retention={"daily": {"lock_days": 0}}), "daily.lock_days", "0", "1 to 36500"),
    (with_settings(encryption="AES"), "encryption", '"AES"', "'S3' or the ARN of a KMS key"),
    (with_settings(encryption=KEY_ARN + "\n"), "encryption", "key/", "'S3' or the ARN of a KMS"),
    (with_settings(object_lock="on"), "object_lock", '"on"', "'governance', 'compliance' or 'off'"),
    (with_settings(object_lock="compliance"), "object_lock", "compliance", "manual.lock_days"),
    (with_settings(architecture="arm"), "architecture", '"arm"', "'arm64' or 'x86_64'"),
    (with_settings(network="vpc-1"), "network", '"vpc-1"', "an object with vpc_id"),
    (with_settings(network=NETWORK | {"vpc_id": "x"}), "network.vpc_id", '"x"', "a vpc-... id"),
    (with_settings(network=NETWORK | {"subnet_ids": []}), "network.subnet_ids", "[]", "subnet ids"),
    (
        with_settings(network=NETWORK | {"security_group_ids": ["group"]}),
        "network.security_group_ids.0",
        '"group"',
        "an sg-... id",
    ),
    (
        with_settings(network=NETWORK | {"availability_zones": [1]}),
        "network.availability_zones.0",
        "1",
        "the name of a zone",
    ),
    (with_settings(backup=1), "backup", "1", "an object with any of memory_mb"),
    (with_settings(backup={"memory_mb": 127}), "backup.memory_mb", "127", "from 128 to 10240"),
    (with_settings(backup={"memory_mb": "512"}), "backup.memory_mb", '"512"', "a whole number"),
    (with_settings(backup={"memory_mb": 128.5}), "backup.memory_mb", "128.5", "a whole number"),
    (with_settings(backup={"timeout_minutes": 16}), "backup.timeout_minutes", "16", "from 1 to 15"),
    (with_settings(backup={"timeout_minutes": True}), "timeout_minutes", "true", "from 1 to 15"),
    (with_settings(backup={"ephemeral_mb": 511}), "backup.ephemeral_mb", "511", "512 to 10240"),
    (with_settings(backup={"lock_wait_seconds": 0}), "lock_wait_seconds", "0", "1 to 600"),
    (with_settings(backup={"compression": "zstd:20"}), "compression", '"zstd:20"', "'zstd:1' to"),
    (with_settings(backup={"compression": "none"}), "compression", '"none"', "'gzip:9'"),
    (with_settings(backup={"checksums": "yes"}), "backup.checksums", '"yes"', "true or false"),
]


@pytest.mark.parametrize(("lifeboat", "key", "has", "may_be"), NONSENSE)
def test_nonsense_is_told_with_its_key_its_value_and_what_it_may_be(
    lifeboat: dict[str, Any], key: str, has: str, may_be: str
) -> None:
    (line,) = refusal_of(lifeboat).splitlines()[1:2]

    assert line.startswith("  - lifeboat.")
    assert f"{key} is " in line
    value, _, allowed = line.partition("; it may be ")
    assert has in value or has in allowed
    assert may_be in refusal_of(lifeboat)


@pytest.mark.parametrize("lifeboat", [case[0] for case in NONSENSE])
def test_each_piece_of_nonsense_is_told_once(lifeboat: dict[str, Any]) -> None:
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
        ({}, "lifeboat.databases is missing: The databases to be backed up"),
        ({"databases": [{"name": "a"}]}, "lifeboat.databases.0.secret_arn is missing: Full ARN of"),
        (with_settings(network={}), "lifeboat.network.subnet_ids is missing: Private subnets"),
    ],
)
def test_a_key_that_is_unknown_or_missing_is_told_with_what_belongs_there(
    lifeboat: dict[str, Any], told: str
) -> None:
    assert told in refusal_of(lifeboat)


def test_the_placeholder_of_cdk_json_is_refused_with_the_next_step() -> None:
    context = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]

    with pytest.raises(SettingsError) as caught:
        parse(context)

    assert "lifeboat.databases.0.secret_arn" in caught.value.what
    assert "aws secretsmanager create-secret --name lifeboat/app" in caught.value.what
    assert caught.value.what.count("  - ") == 1


@pytest.mark.parametrize(
    "value",
    ["postgresql://app:hunter2@db.example.com/app", "host=db password=hunter2 dbname=app"],
)
def test_a_connection_string_in_the_wrong_place_is_not_repeated(value: str) -> None:
    told = refusal_of(with_database(secret_arn=value))

    assert "hunter2" not in told
    assert "lifeboat.databases.0.secret_arn is something not shown here" in told


@pytest.mark.parametrize(
    ("lifeboat", "key"),
    [
        (with_database(secret_arn=ARN.replace("eu-central-1", "us-east-1")), "0.secret_arn"),
        (with_database(secret_arn=ARN.replace("123456789012", "210987654321")), "0.secret_arn"),
        (with_settings(encryption=KEY_ARN.replace("eu-central-1", "us-east-1")), "encryption"),
        (with_database(secret_key_arn=KEY_ARN.replace("12345678", "87654321")), "secret_key_arn"),
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
        ("manual", {}, 36_500),
        ("monthly", {"retention": {"monthly": {"lock_days": 7}}}, 7),
        (
            "manual",
            {"object_lock": "compliance", "retention": {"manual": {"lock_days": 100}}},
            100,
        ),
        ("daily", {"object_lock": "off"}, None),
    ],
)
def test_the_lock_lasts_to_the_end_of_the_tier_unless_stated(
    tier: str, more: dict[str, Any], days: int | None
) -> None:
    settings = parse({"lifeboat": with_settings(**more)})

    assert settings.lock_days(tier) == days


def test_the_retention_of_an_unknown_tier_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Retention().of("model_config")


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
    st.fixed_dictionaries({}, optional={tier: tiers() for tier in TIERS}),
    st.sampled_from(["arm64", "x86_64"]),
    st.fixed_dictionaries(
        {}, optional={"memory_mb": st.integers(128, 10_240), "checksums": st.booleans()}
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

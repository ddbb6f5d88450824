"""Settings that make no sense, piece by piece, and the words that each has to be met with."""

from datetime import date
from typing import Any

from lifeboat.settings import Deployment

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/app-AbCd12"
KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/0f0e0d0c-0b0a-0908-0706-050403020100"
TARGET = ARN.replace("lifeboat/app", "lifeboat/target")
HERE = Deployment(account="123456789012", region="eu-central-1", today=date(2026, 11, 22))
NETWORK = {
    "vpc_id": "vpc-0a1b2c3d",
    "availability_zones": ["eu-central-1a"],
    "subnet_ids": ["subnet-0a1b2c3d"],
    "security_group_ids": ["sg-0a1b2c3d"],
}


def with_database(**more: object) -> dict[str, Any]:
    return {"databases": [{"name": "app", "secret_arn": ARN, **more}]}


def with_neon(**more: object) -> dict[str, Any]:
    neon = {"project_id": "shiny-wind-028834", "api_key_secret_arn": TARGET}
    return with_database(neon=neon | more)


def with_settings(**more: object) -> dict[str, Any]:
    return with_database() | more


def with_query(**more: object) -> dict[str, Any]:
    query = {"name": "has users", "sql": "SELECT count(*) FROM users", "expect": "value > 0"}
    return with_database(validation=[query | more])


def with_drill(**more: object) -> dict[str, Any]:
    return with_settings(drill=more)


def with_alerts(**more: object) -> dict[str, Any]:
    return with_settings(alerts=more)


BAD_SETTINGS: list[tuple[dict[str, Any], str, str, str]] = [
    (with_settings(databases=[]), "databases", "[]", "a list of 1 to 36 databases"),
    (with_settings(databases="app"), "databases", '"app"', "a list of 1 to 36"),
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
    (with_database(neon="x"), "databases.0.neon", '"x"', "an object with project_id"),
    (with_neon(project_id="A b"), "databases.0.neon.project_id", '"A b"', "shiny-wind-028834"),
    (with_neon(project_id="a" * 61), "databases.0.neon.project_id", "a" * 61, "id of a project"),
    (with_neon(branch_id="a/../b"), "databases.0.neon.branch_id", '"a/../b"', "br-small-term"),
    (with_neon(branch_id="main\n"), "databases.0.neon.branch_id", '"main\\n"', "br-small-term"),
    (with_neon(api_key_secret_arn="x"), "databases.0.neon.api_key_secret_arn", "x", "ARN"),
    (
        with_neon(api_key_secret_key_arn="alias/x"),
        "databases.0.neon.api_key_secret_key_arn",
        "alias/x",
        "the ARN of a KMS key",
    ),
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
    (with_settings(backup={"checksums": True}), "backup.checksums", "not used any more", "Delete"),
    (with_database(validation={}), "databases.0.validation", "{}", "a list of objects with name"),
    (with_database(validation=["SELECT 1"]), "0.validation.0", "SELECT 1", "an object with name"),
    (
        with_database(validation=2 * with_query()["databases"][0]["validation"]),
        "databases.0.validation",
        "has users",
        "each name is used once",
    ),
    (with_query(name=""), "validation.0.name", '""', "1 to 60 characters"),
    (with_query(name=" a"), "validation.0.name", '" a"', "1 to 60 characters"),
    (with_query(name="a\nb"), "validation.0.name", '"a\\nb"', "of a single line"),
    (with_query(name="a" * 61), "validation.0.name", "a" * 61, "1 to 60 characters"),
    (with_query(sql="DELETE FROM users"), "validation.0.sql", "DELETE", "begins with SELECT"),
    (with_query(sql="selection"), "validation.0.sql", "selection", "begins with SELECT"),
    (with_query(sql="SELECT '\0'"), "validation.0.sql", "SELECT", "one SQL query"),
    (with_query(expect="rows"), "validation.0.expect", '"rows"', "'no rows', 'rows <op>"),
    (with_query(expect="rows > -1"), "validation.0.expect", "rows > -1", "'no rows'"),
    (with_query(expect="value = open"), "validation.0.expect", "= open", "a quoted string"),
    (with_query(expect='value > "a"'), "validation.0.expect", "value >", "'no rows'"),
    (with_query(expect="value = 01"), "validation.0.expect", "value = 01", "'no rows'"),
    (with_query(expect="value == 1"), "validation.0.expect", "value == 1", "one of = != < <="),
    (with_query(expect=True), "validation.0.expect", "true", "'no rows'"),
    (
        with_settings(drill=False),
        "drill",
        "false",
        "an object with any of memory_mb, timeout_minutes",
    ),
    (with_drill(enabled="no"), "drill.enabled", '"no"', "true or false"),
    (with_drill(cron="0 5 * * MON *"), "drill.cron", "* MON *", "six fields"),
    (with_drill(cron="0 5 ? * MON 2025"), "drill.cron", "2025", "no date after 2026-11-22"),
    (with_drill(memory_mb=256), "drill.memory_mb", "256", "from 512 to 10240"),
    (with_drill(timeout_minutes=60), "drill.timeout_minutes", "60", "1 to 15 (minutes, Lambda's"),
    (with_drill(ephemeral_mb=10241), "drill.ephemeral_mb", "10241", "512 to 10240"),
    (with_drill(rto_minutes=0), "drill.rto_minutes", "0", "1 to 10080"),
    (with_drill(jobs=0), "drill.jobs", "0", "1 to 16"),
    (with_drill(validation_seconds="60"), "drill.validation_seconds", '"60"', "1 to 600"),
    (with_drill(target_secret_arns=TARGET), "drill.target_secret_arns", "target", "a list of sec"),
    (with_drill(target_secret_arns=["x"]), "target_secret_arns.0", '"x"', "the full ARN"),
    (with_drill(target_secret_arns=[TARGET, TARGET]), "target_secret_arns", "target", "each secre"),
    (with_drill(target_secret_key_arns=["alias/x"]), "secret_key_arns.0", "alias/x", "no alias"),
    (
        with_drill(target_secret_arns=[ARN]),
        "drill",
        "target_secret_arns",
        "do not hold the secret of app: a drill never restores into the server it protects",
    ),
    (with_settings(monitor=[]), "monitor", "[]", "an object with any of cron, max_age_hours"),
    (with_settings(monitor={"cron": "hourly"}), "monitor.cron", '"hourly"', "six fields"),
    (with_settings(monitor={"max_age_hours": 0}), "max_age_hours", "0", "1 to 8784 (hours)"),
    (with_settings(monitor={"max_drill_age_days": 401}), "drill_age_days", "401", "1 to 400"),
    (with_settings(monitor={"shrink_percent": 101}), "shrink_percent", "101", "1 to 100"),
    (with_settings(monitor={"table_loss_percent": 0}), "table_loss_percent", "0", "1 to 100"),
    (with_settings(monitor={"table_loss_rows": 1.5}), "table_loss_rows", "1.5", "a whole number"),
    (with_settings(monitor={"unchanged_days": 0}), "unchanged_days", "0", "1 to 3650"),
    (with_settings(monitor={"forecast_days": 0}), "forecast_days", "0", "1 to 365"),
    (with_settings(monitor={"history": 1}), "monitor.history", "1", "2 to 365 (backups)"),
    (with_settings(alerts="me@example.com"), "alerts", "me@", "an object with any of emails"),
    (with_alerts(emails="me@example.com"), "alerts.emails", "me@", "a list of at most 10"),
    (with_alerts(emails=["me"]), "alerts.emails.0", '"me"', "such as oncall@example.com"),
    (with_alerts(emails=["Me <me@a.com>"]), "alerts.emails.0", "Me <", "one email address"),
    (with_alerts(emails=2 * ["a@b.com"]), "alerts.emails", "a@b.com", "names each address once"),
    (with_alerts(emails=[f"{i}@b.com" for i in range(11)]), "emails", "0@b", "at most 10 email"),
    (with_alerts(webhook_url_secret_arn="x"), "webhook_url_secret_arn", '"x"', "the full ARN"),
    (with_alerts(digest="Monday 8"), "digest", '"Monday 8"', "such as 'MON 08:00', or 'off'"),
    (with_alerts(runbook_url="x"), "alerts.runbook_url", '"x"', "the https:// URL"),
    (with_alerts(timezone="Mars"), "timezone", '"Mars"', "an IANA time zone"),
    (with_alerts(webhook_url_secret_key_arn="x"), "secret_key_arn", '"x"', "no alias"),
    (with_alerts(slack=1), "alerts.slack", "1", "true or false"),
    (with_alerts(remind_hours=0), "alerts.remind_hours", "0", "1 to 720"),
    (with_alerts(topic_key_arn="alias/aws/sns"), "topic_key_arn", "alias/aws", "no alias"),
]
"""Settings, and what their refusal says: which key, what it has, what it may be."""

"""Settings of three kinds, and what a synth makes of them."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeboat.settings import Settings

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

    from infra.stack import LifeboatStack

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROOT = Path(__file__).parents[2]

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lifeboat/{{}}-AbCd12"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lifeboat/app"
OTHER_PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lifeboat/owner"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f0e0d0c-0b0a-0908-0706-050403020100"
SECRET_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"

TARGETS = [SECRET.format("target"), SECRET.format("spare")]
TARGET_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/22222222-2222-3333-4444-555555555555"
WEBHOOK = SECRET.format("webhook")
HEARTBEAT = SECRET.format("heartbeat")
WEBHOOK_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/33333333-2222-3333-4444-555555555555"
TOPIC_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/44444444-2222-3333-4444-555555555555"

PLAIN: dict[str, Any] = {
    "databases": [
        {"name": "app", "secret_arn": SECRET.format("app")},
        {
            "name": "shop",
            "secret_arn": SECRET.format("shop"),
            "cron": "30 3 * * ? *",
            "timezone": "Europe/Berlin",
        },
    ],
}
SEALED: dict[str, Any] = {
    "databases": [
        {
            "name": "app",
            "secret_arn": SECRET.format("app"),
            "secret_key_arn": SECRET_KEY,
            "validation": [
                {"name": "users", "sql": "SELECT count(*) FROM users", "expect": "value > 0"}
            ],
        }
    ],
    "encryption": KEY,
    "object_lock": "compliance",
    "retention": {"manual": {"lock_days": 365}},
    "architecture": "x86_64",
    "network": {
        "vpc_id": "vpc-0a1b2c3d",
        "availability_zones": [f"{REGION}a", f"{REGION}b"],
        "subnet_ids": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"],
        "security_group_ids": ["sg-0a1b2c3d"],
    },
    "backup": {"memory_mb": 3008, "timeout_minutes": 10, "ephemeral_mb": 1024},
    "drill": {
        "memory_mb": 4096,
        "timeout_minutes": 12,
        "ephemeral_mb": 10240,
        "rto_minutes": 30,
        "target_secret_arns": TARGETS,
        "target_secret_key_arns": [TARGET_KEY],
    },
    "job": {
        "backup_compute": "small",
        "drill_compute": "2xlarge",
        "restore_compute": "large",
        "timeout_hours": 30,
    },
    "restore": {
        "memory_mb": 2048,
        "timeout_minutes": 14,
        "target_secret_arns": [SECRET.format("owner")],
        "target_secret_key_arns": [TARGET_KEY],
    },
    "monitor": {"cron": "0/20 * * * ? *", "max_age_hours": 26},
    "alerts": {
        "emails": ["oncall@example.com", "boss@example.com"],
        "webhook_url_secret_arn": WEBHOOK,
        "webhook_url_secret_key_arn": WEBHOOK_KEY,
        "heartbeat_url_secret_arn": HEARTBEAT,
        "heartbeat_url_secret_key_arn": WEBHOOK_KEY,
        "topic_key_arn": TOPIC_KEY,
    },
}
OPEN: dict[str, Any] = {
    "databases": [{"name": "app", "secret_arn": SECRET.format("app"), "engine": "function"}],
    "object_lock": "off",
    "retention": {"manual": {"days": "forever", "storage_class": "STANDARD"}},
    "drill": {"enabled": False},
    "restore": {"enabled": False},
}

NEON_SECRET = SECRET.format("neon")
NEON_SECRET_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/55555555-2222-3333-4444-555555555555"
NEON_PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lifeboat/neon"
IN_NEON: dict[str, Any] = {
    "databases": [
        {
            "name": "app",
            "secret_arn": SECRET.format("app"),
            "secret_key_arn": SECRET_KEY,
            "source": "branch",
            "neon": {
                "project_id": "shiny-wind-028834",
                "api_key_secret_arn": NEON_SECRET,
                "api_key_secret_key_arn": NEON_SECRET_KEY,
                "restore": True,
            },
        },
        {
            "name": "shop",
            "secret_arn": SECRET.format("shop"),
            "drill_target": "neon-branch",
            "neon": {
                "project_id": "calm-lake-1",
                "branch_id": "br-small-term-683261",
                "api_key_secret_arn": NEON_PARAMETER,
            },
        },
        {"name": "blog", "secret_arn": SECRET.format("blog")},
    ],
    "encryption": KEY,
    "network": SEALED["network"],
}


@dataclass(frozen=True)
class Synthesized:
    """What `cdk synth` leaves behind for one stack."""

    directory: Path
    stack: "LifeboatStack"
    settings: Settings

    @cached_property
    def template(self) -> "Template":
        from aws_cdk.assertions import Template

        return Template.from_json(self.body)

    @cached_property
    def body(self) -> dict[str, Any]:
        text = (self.directory / self.stack.template_file).read_text()
        body: dict[str, Any] = json.loads(text)
        return body

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The properties of every resource of that CloudFormation type."""
        resources = self.body["Resources"].values()
        return [each["Properties"] for each in resources if each["Type"] == kind]

    def functions(self, job: str) -> dict[str, dict[str, Any]]:
        """The functions that do a job ("backup", "drill", "monitor"), by name."""
        return {
            each["FunctionName"]: each
            for each in self.of_type("AWS::Lambda::Function")
            if each["Handler"] == f"lifeboat.{job}.handler.handler"
        }

    def only(self, kind: str) -> dict[str, Any]:
        (properties,) = self.of_type(kind)
        return properties

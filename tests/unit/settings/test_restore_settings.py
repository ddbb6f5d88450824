"""How backups are brought back, as settings."""

from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import RestoreSettings, parse

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{}-AbCd12"


def with_restore(**restore: object) -> dict[str, Any]:
    databases = [{"name": "app", "secret_arn": SECRET.format("app")}]
    return {"lifeboat": {"databases": databases, "restore": restore}}


def test_restores_need_no_settings() -> None:
    assert parse(with_restore()).restore == RestoreSettings()


def test_the_role_that_restores_may_have_a_secret_of_its_own() -> None:
    """Even one of the same server: unlike a drill, a restore is meant for the real thing."""
    owner = SECRET.format("owner")
    settings = parse(with_restore(target_secret_arns=[owner], thaw_tier="Bulk"))
    assert settings.restore.target_secret_arns == (owner,)
    assert settings.restore.thaw_tier == "Bulk"


@pytest.mark.parametrize(
    ("restore", "said"),
    [
        ({"thaw_tier": "fast"}, "'Standard', 'Bulk' or 'Expedited'"),
        ({"thaw_days": 0}, "from 1 to 365"),
        ({"timeout_minutes": 16}, "from 1 to 15"),
        ({"target_secret_arns": ["x"]}, "the full ARN of a Secrets Manager secret"),
        ({"target": "x"}, "restore.target is unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(restore: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(with_restore(**restore))
    assert said in str(caught.value)

"""A secret or a parameter is meant by its ARN or by its name, never by half of one."""

import pytest

from lifeboat.recovery.policy.secret_names import default_target, named_secret, secret_name

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/admin-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/lifeboat/owner"
SHORT = "arn:aws:ssm:eu-central-1:123456789012:parameter/owner"
KNOWN = (SECRET, PARAMETER, SHORT)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (SECRET, SECRET),
        ("lifeboat/admin", SECRET),
        (PARAMETER, PARAMETER),
        ("/lifeboat/owner", PARAMETER),
        (SHORT, SHORT),
        ("owner", SHORT),
        ("/owner", SHORT),
        ("lifeboat/owner", None),
        ("lifeboat/admin-AbCdEf", None),
        ("lifeboat", None),
        ("", None),
    ],
)
def test_what_is_meant(wanted: str, meant: str | None) -> None:
    assert named_secret(wanted, KNOWN) == meant


def test_a_name_of_a_secret_and_of_a_parameter_means_neither() -> None:
    same = SECRET.replace("lifeboat/admin", "owner")

    assert named_secret("owner", (*KNOWN, same)) is None
    assert named_secret(same, (*KNOWN, same)) == same
    assert named_secret("owner", (same, same)) == same, "a list may name it twice"


def test_a_parameter_can_be_asked_for_and_a_url_cannot() -> None:
    assert secret_name(PARAMETER) == PARAMETER
    assert secret_name("/lifeboat/owner") == "/lifeboat/owner"
    for senseless in ("postgresql://u:p@h/d", f"{PARAMETER}:3", 7, None, ""):
        with pytest.raises(ValueError, match=r"ARN|string"):
            secret_name(senseless)


def _secret(name: str) -> str:
    return f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf"


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ((), "lifeboat/app"),
        (("admin",), "admin"),
        (("lifeboat/shop-restore", "lifeboat/app-restore"), "lifeboat/app-restore"),
        (("lifeboat/shop-restore", "admin"), "lifeboat/app"),
    ],
)
def test_without_a_target_a_database_is_restored_by_its_own_role(
    targets: tuple[str, ...], expected: str
) -> None:
    found = default_target(_secret("lifeboat/app"), [_secret(each) for each in targets])
    assert found == _secret(expected)


def test_a_parameters_name_leads_to_its_target_too() -> None:
    own = "arn:aws:ssm:us-east-1:000000000000:parameter/lifeboat/app"
    target = f"{own}-restore"
    assert default_target(own, [_secret("other"), target]) == target

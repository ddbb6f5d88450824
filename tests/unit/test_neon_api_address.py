"""The key of Neon goes to Neon, or to a stand-in on the same machine."""

import pytest

from lifeboat.errors import RefusedError
from lifeboat.neon.policy.endpoint import api_of


@pytest.mark.parametrize("value", ["http://127.0.0.1:8080/api/v2", "https://127.0.0.1:1"])
def test_a_stand_in_on_this_machine_is_taken(value: str) -> None:
    assert api_of(value) == value


@pytest.mark.parametrize("value", [None, ""])
def test_without_one_it_is_neon(value: str | None) -> None:
    assert api_of(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example/api/v2",
        "https://console.neon.tech/api/v2",
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1:80@evil.example/",
        r"http://evil.example\@127.0.0.1:80/",
        "http://127.0.0.1.evil.example:80/",
        "http://127.0.0.1:80/api/v2?to=evil",
        "http://127.0.0.1:80/api/v2\n",
        "http://localhost:80",
        "ftp://127.0.0.1:21",
        "http://[::1]:80",
    ],
)
def test_nothing_else_gets_the_key(value: str) -> None:
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1") as caught:
        api_of(value)
    assert "evil" not in str(caught.value)

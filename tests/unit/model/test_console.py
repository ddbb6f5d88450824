from urllib.parse import parse_qs, urlsplit

import pytest

from lifeboat.model.console import object_url, status_page_url


def test_the_address_of_the_status_page_is_the_consoles_own_for_its_region() -> None:
    assert status_page_url("eu-central-1", "bucket-1") == (
        "https://eu-central-1.console.aws.amazon.com/s3/object/bucket-1"
        "?region=eu-central-1&prefix=status.html"
    )


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_china_and_govcloud_have_consoles_of_their_own(region: str, host: str) -> None:
    assert urlsplit(status_page_url(region, "bucket-1")).hostname == host


def test_a_key_is_one_value_of_the_query_whatever_it_has_in_it() -> None:
    address = urlsplit(object_url("eu-west-1", "bucket-1", "drills/app/a&b=c #1.html"))
    assert parse_qs(address.query)["prefix"] == ["drills/app/a&b=c #1.html"]
    assert address.fragment == ""

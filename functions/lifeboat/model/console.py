"""Addresses in the AWS console: they need a login, and give nothing away by themselves."""

from urllib.parse import urlencode

from lifeboat.model.keys import STATUS_PAGE_KEY

_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
"""The console's domain in the regions whose names begin so.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""


def object_url(region: str, bucket: str, key: str) -> str:
    """The console's page of one object, which has a button that opens it.

    Args:
        region: of the bucket, such as eu-central-1.
        bucket: its name.
        key: of the object.
    """
    query = urlencode({"region": region, "prefix": key})
    return f"https://{_console(region)}/s3/object/{bucket}?{query}"


def status_page_url(region: str, bucket: str) -> str:
    """The console's page of the status page, which the monitor writes at each check."""
    return object_url(region, bucket, STATUS_PAGE_KEY)


def cloudshell_url(region: str) -> str:
    """Opens AWS CloudShell in a region."""
    return f"https://{_console(region)}/cloudshell/home?{urlencode({'region': region})}"


def _console(region: str) -> str:
    own = (domain for start, domain in _CONSOLES.items() if region.startswith(start))
    return f"{region}.{next(own, 'console.aws.amazon.com')}"

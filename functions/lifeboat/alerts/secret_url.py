"""A URL that is a secret: whoever knows it can send to it."""

import json
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

import urllib3

from lifeboat.errors import NotificationError, SecretError
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.runtime.timeouts import timeouts


def direct_pool() -> urllib3.PoolManager:
    """An HTTP client that tries once, and follows no redirect, which could lead elsewhere."""
    limits = urllib3.Timeout(
        connect=timeouts().webhook_connect_seconds, read=timeouts().webhook_read_seconds
    )
    return urllib3.PoolManager(timeout=limits, retries=False)


@dataclass(frozen=True)
class SecretUrl:
    """An HTTPS URL in a secret.

    Attributes:
        store: reads the secret.
        arn: of the secret with the URL, either alone or as {"url": ...}.
        noun: what the URL is of, such as "webhook".
    """

    store: SecretStore
    arn: str
    noun: str

    @property
    def host(self) -> str:
        """Its host, which is no secret."""
        return urlsplit(self.value).hostname or ""

    @cached_property
    def value(self) -> str:
        """The URL; it must get into no log and no error.

        Raises:
            NotificationError: it cannot be read or is invalid.
        """
        try:
            text = self.store.text(self.arn)
        except SecretError as error:
            raise NotificationError(
                f"Reading the {self.noun}'s URL failed: {error.what}", todo=error.todo
            ) from None
        url = _url_in(text.strip())
        if not _is_https(url):
            raise NotificationError(
                f"Invalid {self.noun} URL: {self.arn} does not contain an HTTPS URL.",
                todo='Store the URL alone, or {"url": "https://..."}, in that secret.',
            )
        return url


def _url_in(text: str) -> str:
    if not text.startswith("{"):
        return text
    try:
        return str(json.loads(text).get("url", ""))
    except ValueError:
        return ""


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)

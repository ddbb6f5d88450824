"""Sends messages to an HTTPS URL. Whoever knows the URL can post there, so it is a secret."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import urllib3

from lifeboat.alerts.policy.message import Message, webhook_payload
from lifeboat.errors import NotificationError, SecretError
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.runtime.timeouts import timeouts

_SUCCESS = range(200, 300)


def _direct() -> urllib3.PoolManager:
    """Tries once, and follows no redirect, which could send the message elsewhere."""
    limits = urllib3.Timeout(
        connect=timeouts().webhook_connect_seconds, read=timeouts().webhook_read_seconds
    )
    return urllib3.PoolManager(timeout=limits, retries=False)


@dataclass(frozen=True)
class Webhook:
    """An HTTPS endpoint.

    Attributes:
        store: reads the secret.
        secret_arn: of the secret with the URL, either alone or as {"url": ...}.
        pool: the HTTP client.
    """

    store: SecretStore
    secret_arn: str
    pool: urllib3.PoolManager = field(default_factory=_direct)

    def send(self, message: Message) -> None:
        """Post it as JSON; an answer with 2xx means success.

        Raises:
            NotificationError: the URL cannot be read or is invalid, or the endpoint refused it.
        """
        url = self._url
        host = urlsplit(url).hostname or ""
        try:
            answer = self.pool.request(
                "POST", url, json=webhook_payload(message), preload_content=False
            )
            answer.close()
        except urllib3.exceptions.HTTPError as error:
            # The error's text contains the URL.
            raise _refused(message, host, type(error).__name__) from None
        if answer.status not in _SUCCESS:
            raise _refused(message, host, f"HTTP {answer.status}")

    @cached_property
    def _url(self) -> str:
        try:
            text = self.store.text(self.secret_arn)
        except SecretError as error:
            raise NotificationError(
                f"Reading the webhook's URL failed: {error.what}", todo=error.todo
            ) from None
        url = _url_in(text.strip())
        if not _is_https(url):
            raise NotificationError(
                f"Invalid webhook URL: {self.secret_arn} does not contain an HTTPS URL.",
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


def _refused(message: Message, host: str, why: str) -> NotificationError:
    return NotificationError(
        f"Sending '{message.subject}' to the webhook at {host} failed: {why}.",
        todo="Check why it answers so, or store its new URL in the secret that"
        " alerts.webhook_url_secret_arn names.",
    )

"""Sends messages to an HTTPS URL. Whoever knows the URL can post there, so it is a secret."""

from dataclasses import dataclass, field

import urllib3

from lifeboat.alerts.policy.message import Message, webhook_payload
from lifeboat.alerts.secret_url import SecretUrl, direct_pool
from lifeboat.errors import NotificationError

_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Webhook:
    """An HTTPS endpoint.

    Attributes:
        url: where to post.
        pool: the HTTP client.
    """

    url: SecretUrl
    pool: urllib3.PoolManager = field(default_factory=direct_pool)

    def send(self, message: Message) -> None:
        """Post it as JSON; an answer with 2xx means success.

        Raises:
            NotificationError: the URL cannot be read or is invalid, or the endpoint refused it.
        """
        url, host = self.url.value, self.url.host
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


def _refused(message: Message, host: str, why: str) -> NotificationError:
    return NotificationError(
        f"Sending '{message.subject}' to the webhook at {host} failed: {why}.",
        todo="Check why it answers so, or store its new URL in the secret that"
        " alerts.webhook_url_secret_arn names.",
    )

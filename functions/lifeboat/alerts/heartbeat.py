"""Tells a watcher outside of the account that a check is complete and people can be notified.

Such a watcher (healthchecks.io, Better Stack, Cronitor, Dead Man's Snitch) notifies people when
nobody has requested its URL for some time: also when the whole AWS account is gone.
"""

from dataclasses import dataclass, field

import urllib3

from lifeboat.alerts.secret_url import SecretUrl, direct_pool
from lifeboat.errors import NotificationError

_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Heartbeat:
    """A watcher's URL.

    Attributes:
        url: what to request.
        pool: the HTTP client.
    """

    url: SecretUrl
    pool: urllib3.PoolManager = field(default_factory=direct_pool)

    def beat(self) -> None:
        """Request the URL once; an answer with 2xx means success.

        Raises:
            NotificationError: the URL cannot be read or is invalid, or there was no such answer.
        """
        url, host = self.url.value, self.url.host
        try:
            answer = self.pool.request("GET", url, preload_content=False)
            answer.close()
        except urllib3.exceptions.HTTPError as error:
            # The error's text contains the URL.
            raise _unheard(host, type(error).__name__) from None
        if answer.status not in _SUCCESS:
            raise _unheard(host, f"HTTP {answer.status}")


def _unheard(host: str, why: str) -> NotificationError:
    return NotificationError(
        f"The heartbeat to {host} failed: {why}.",
        safe="The check is complete. The watcher notifies people if this goes on.",
        todo="Check why it answers so, or store its new URL in the secret that"
        " alerts.heartbeat_url_secret_arn names.",
    )

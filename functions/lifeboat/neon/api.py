"""Sends requests to Neon's API: verified, bounded, repeated only where that is safe.

The key is sent in one header and is nowhere else: errors of urllib3, which may quote a request, are
told by the name of their kind, and what the API says loses the key before anything else is done.
"""

import json
import math
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from lifeboat.errors import ProviderError, ProviderKeyError
from lifeboat.neon.policy.refusals import NEW_KEY, Refusal, no_answer, not_the_contract
from lifeboat.neon.policy.retry import Failure, pause_before_retry, seconds_to_wait
from lifeboat.runtime.timeouts import timeouts

NEON_API = "https://console.neon.tech/api/v2"
"""Where Neon serves its API: https://neon.com/docs/reference/api"""

MAX_ANSWER_BYTES = 4_000_000
"""More than any answer has that is used here: a hundred branches take about 100 kB."""

_PIECE = 65_536
_KEY = re.compile(r"[A-Za-z0-9_.~+/=-]{8,512}", re.ASCII)
_SUCCESS = frozenset({200, 201, 204})
_LOOK = "See in the Neon console whether it was done."

type Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        method: GET changes nothing.
        path: its parts below the base URL, not encoded.
        purpose: what it is for, as it follows "Could not" in an error.
        query: parameters.
        body: what is sent as JSON.
    """

    purpose: str
    path: tuple[str, ...]
    method: Method = "GET"
    query: dict[str, str] = field(default_factory=dict)
    body: object = None


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    retry_after: float | None


@dataclass(frozen=True)
class _Silence:
    """No answer, or none that may be read to its end.

    Attributes:
        error: to raise if the request is not repeated.
        repeatable: whether reading again may end better.
    """

    error: ProviderError
    repeatable: bool = True


def neon_pool(ca_file: str | None = None) -> urllib3.PoolManager:
    """An HTTP client that verifies certificates.

    Args:
        ca_file: the only authority to trust, for tests; default are those of the system.
    """
    return urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=ca_file)


@dataclass(frozen=True)
class NeonApi:
    """Neon's API, with a key.

    Attributes:
        key: the API key; it may have white space around it.
        pool: the HTTP client.
        base_url: another one than Neon's is for tests: HTTPS, or on this machine.
        until: the moment of `time.monotonic` at which the last attempt has to be over.
    """

    key: str = field(repr=False)
    pool: urllib3.PoolManager = field(default_factory=neon_pool, repr=False)
    base_url: str = NEON_API
    until: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what could send the key elsewhere.

        Raises:
            ProviderKeyError: the key is empty, or no key could look so.
        """
        where = urlsplit(self.base_url)
        if where.scheme != "https" and where.hostname != "127.0.0.1":
            raise ValueError("the key would be sent unencrypted")
        object.__setattr__(self, "key", self.key.strip())
        if not _KEY.fullmatch(self.key):
            raise ProviderKeyError(
                "The secret of Neon's API key does not hold a key alone: it is too short or too"
                " long, or has characters that no key has.",
                todo=NEW_KEY,
            )

    def send(self, request: Request) -> bytes:
        """The body of a successful answer; empty if it has none (204).

        Raises:
            ProviderError: of the kind that fits. Of a request that changes something it says
                if nobody knows whether Neon has carried it out.
        """
        deadline = min(self.until, time.monotonic() + timeouts().provider_call_seconds)
        attempts = 0
        while True:
            attempts += 1
            outcome = self._attempt(request)
            if isinstance(outcome, _Answer) and outcome.status in _SUCCESS:
                return outcome.body
            failure, error = self._judge(request, outcome, attempts)
            pause = pause_before_retry(
                failure,
                first_pause=timeouts().provider_pause_seconds,
                left=deadline - time.monotonic(),
            )
            if pause is None:
                raise error
            time.sleep(pause)

    def _judge(
        self, request: Request, outcome: _Answer | _Silence, attempts: int
    ) -> tuple[Failure, ProviderError]:
        """What a retry depends on, and the error if there is none."""
        reading = request.method == "GET"
        if isinstance(outcome, _Silence):
            again = reading and outcome.repeatable
            error = outcome.error if reading else unsure(outcome.error, request.purpose)
            return Failure(status=None, reading=again, attempts=attempts), error
        refusal = Refusal.of(outcome.status, outcome.body, self.key)
        error = refusal.error(request.purpose)
        if refusal.uncertain and not reading:
            error = unsure(error, request.purpose)
        failure = Failure(
            status=outcome.status,
            reading=reading,
            attempts=attempts,
            retry_after=outcome.retry_after,
            limited=refusal.limited,
        )
        return failure, error

    def _attempt(self, request: Request) -> _Answer | _Silence:
        waits, now = timeouts(), time.monotonic()
        end = min(self.until, now + waits.provider_connect_seconds + waits.provider_read_seconds)
        if end <= now:
            return _Silence(no_answer(request.purpose, "the time for it was over"))
        try:
            with self.pool.request(
                request.method,
                self._url(request),
                body=None if request.body is None else json.dumps(request.body).encode(),
                headers=self._headers(request),
                timeout=urllib3.Timeout(
                    connect=min(waits.provider_connect_seconds, end - now),
                    read=min(waits.provider_read_seconds, end - now),
                ),
                retries=False,  # a redirection is not followed either
                preload_content=False,
                decode_content=False,
            ) as response:
                body = _read(response, end)
                asked = seconds_to_wait(response.headers.get("Retry-After"), datetime.now(UTC))
                status = response.status
        except urllib3.exceptions.HTTPError as error:
            why, stranger = _reason(error), isinstance(error, urllib3.exceptions.SSLError)
        else:
            return self._answer(request, status, body, asked)
        # Outside of `except`: the error's text may quote the request, and would be its context.
        return _Silence(no_answer(request.purpose, why), repeatable=not stranger)

    def _answer(
        self, request: Request, status: int, body: bytes | None, retry_after: float | None
    ) -> _Answer | _Silence:
        if body is not None and len(body) <= MAX_ANSWER_BYTES:
            return _Answer(status, body, retry_after)
        if body is None:
            return _Silence(no_answer(request.purpose, "its answer did not end in time"))
        large = f"it has more than {MAX_ANSWER_BYTES:,} bytes"
        return _Silence(not_the_contract(request.purpose, large), repeatable=False)

    def _url(self, request: Request) -> str:
        path = "/".join(quote(part, safe="") for part in request.path)
        query = f"?{urlencode(request.query)}" if request.query else ""
        return f"{self.base_url}/{path}{query}"

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self.key}",
            "User-Agent": "lifeboat",
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def unsure[E: ProviderError](error: E, purpose: str) -> E:
    """The error of a request that changes something, where Neon may have carried it out."""
    return error.unsure(
        f"It is not known whether Neon did {purpose}. Existing backups are untouched.", _LOOK
    )


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes | None:
    """The body, or more than it may have; None if it did not end in time."""
    body = bytearray()
    while piece := response.read1(_PIECE):
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            break
        if time.monotonic() > deadline:
            return None
    return bytes(body)


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Why there is no answer, in words of our own."""
    kind = type(error).__name__
    match error:
        case urllib3.exceptions.SSLError():
            return f"the certificate of its API could not be verified ({kind})"
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.ConnectTimeoutError():
            return f"its API could not be reached ({kind})"
        case urllib3.exceptions.TimeoutError():
            return f"its API did not answer in time ({kind})"
        case _:
            return f"the connection to its API broke ({kind})"

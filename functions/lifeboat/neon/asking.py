"""Asks Neon about one project: requests with checked ids, and answers that fit the contract."""

from dataclasses import dataclass

from lifeboat.errors import ProviderContractError
from lifeboat.model.redact import without
from lifeboat.model.text import line
from lifeboat.neon.answers import read
from lifeboat.neon.api import Method, NeonApi, Request, unsure
from lifeboat.neon.policy.wire import identifier
from lifeboat.neon.records import Record

_WORDS = frozenset({"backup_schedule", "connection_uri"})
"""The API's words that are no ids; the others, such as "branches", could be."""


@dataclass(frozen=True)
class ProjectRequests:
    """Requests about one project of Neon.

    Attributes:
        api: with the key.
        project_id: such as "shiny-wind-028834".
    """

    api: NeonApi
    project_id: str

    def request(
        self,
        purpose: str,
        *path: str,
        method: Method = "GET",
        query: dict[str, str] | None = None,
        body: object = None,
    ) -> Request:
        """A request about the project. Parts of the path are words of the API, or ids."""
        return Request(
            method=method,
            purpose=line(without(purpose, self.api.key)),
            path=("projects", *map(_part, (self.project_id, *path))),
            query=query or {},
            body=body,
        )

    def ask[A: Record](self, kind: type[A], request: Request) -> A:
        """The answer to a request.

        Raises:
            ProviderError: of the kind that fits.
        """
        return self.read(kind, request, self.api.send(request))

    def read[A: Record](self, kind: type[A], request: Request, body: bytes) -> A:
        """The answer that a body has; an error says if the request may have been carried out.

        Raises:
            ProviderContractError: it has another form.
        """
        try:
            return read(kind, body, purpose=request.purpose, key=self.api.key)
        except ProviderContractError as error:
            if request.method != "GET":  # it was carried out, whatever the answer looks like
                unsure(error, request.purpose)
            raise


def _part(value: str) -> str:
    return value if value in _WORDS else identifier(value)

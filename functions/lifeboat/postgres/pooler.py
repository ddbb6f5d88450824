"""Recognizes connection poolers: they share sessions, and a snapshot needs a session of its own.

An endpoint is corrected or refused only where host and port prove a pooler. A port or name that
merely looks like one gives a note: session mode is fine, and open connections will show whether
sessions are really shared.
"""

import re
from dataclasses import dataclass, replace

from lifeboat.errors import EndpointError
from lifeboat.postgres.endpoint import Endpoint

# https://neon.com/docs/connect/connection-pooling: both names lead to the same compute.
_NEON_POOLED = re.compile(r"(ep-[a-z0-9-]+)-pooler(\.[a-z0-9.-]+\.neon\.tech)")


@dataclass(frozen=True)
class SharedPort:
    """A port on which a provider's pooler is documented to share sessions.

    Attributes:
        hosts: of that provider.
        port: the pooler's.
        direct: the port of the same host without the pooler.
        name: of the pooler, for people.
    """

    hosts: re.Pattern[str]
    port: int
    direct: int
    name: str


# https://supabase.com/docs/guides/database/connecting-to-postgres
# https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-pgbouncer
SHARED_PORTS = (
    SharedPort(
        re.compile(r".+\.pooler\.supabase\.com|db\.[a-z0-9]+\.supabase\.co"),
        port=6543,
        direct=5432,
        name="Supabase's pooler in transaction mode",
    ),
    SharedPort(
        re.compile(r".+\.postgres\.database\.azure\.com"),
        port=6432,
        direct=5432,
        name="Azure's built-in PgBouncer",
    ),
)

# The first pattern that matches "host:port" decides.
NOTES = {
    r"db\.[a-z0-9]+\.supabase\.co:.*": (
        "Supabase's direct host has an IPv6 address only, unless its IPv4 add-on is on: if it can't"
        " be reached, use the session pooler (aws-...pooler.supabase.com:5432)."
    ),
    r".+\.pooler\.supabase\.com:5432": None,  # session mode: a session of one's own
    r".+\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?:.*": (
        "This is an RDS Proxy: a dump pins its connections; the database's own endpoint is better."
    ),
    r".*(pgbouncer|pooler).*|.*:6432": (
        "This looks like a connection pooler, and only session mode can be dumped through; the"
        " database's own host and port are better."
    ),
}


def check_endpoint(endpoint: Endpoint) -> tuple[Endpoint, tuple[str, ...]]:
    """The endpoint to use instead, and notes about it for a person.

    Raises:
        EndpointError: the pooler there shares sessions for certain. The error has the exact string
            to use.
    """
    if direct := _direct_host(endpoint.host):
        note = f"The secret names Neon's pooled host; its direct host {direct} was used instead."
        return replace(endpoint, host=direct), (note,)
    if shared := _shared_port(endpoint.host, endpoint.port):
        raise EndpointError(
            f"{endpoint.host}:{endpoint.port} is {shared.name}: it shares sessions, so no snapshot"
            " can be held.",
            todo=f"Store this in the secret: {replace(endpoint, port=shared.direct).shown}",
        )
    hint = _note_on(endpoint.host, endpoint.port)
    return endpoint, (hint,) if hint else ()


def repaired(endpoint: Endpoint) -> tuple[Endpoint, tuple[str, ...]]:
    """The direct endpoint that belongs to a pooled one, and notes about it for a person.

    Unlike `check_endpoint`, it also corrects a port: whoever stores the result sees it before.
    """
    if shared := _shared_port(endpoint.host, endpoint.port):
        note = f"Port {shared.port} is {shared.name}; port {shared.direct} is used instead."
        return replace(endpoint, port=shared.direct), (note,)
    return check_endpoint(endpoint)


def _direct_host(host: str) -> str | None:
    """The unpooled host beside a pooled one of Neon's; None for any other host."""
    pooled = _NEON_POOLED.fullmatch(_plain(host))
    return pooled and pooled[1] + pooled[2]


def _shared_port(host: str, port: int) -> SharedPort | None:
    """The known pooler at this host and port, if there is one."""
    return next(
        (each for each in SHARED_PORTS if each.port == port and each.hosts.fullmatch(_plain(host))),
        None,
    )


def _note_on(host: str, port: int) -> str | None:
    """What a person should know about this host and port, if anything."""
    where = f"{_plain(host)}:{port}"
    return next((note for pattern, note in NOTES.items() if re.fullmatch(pattern, where)), None)


def _plain(host: str) -> str:
    return host.lower().rstrip(".")

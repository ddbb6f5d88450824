"""Which roles an archive's definitions need: those that own something or are granted something."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from lifeboat.model.identifiers import unquoted

_NAME = r'("(?:[^"]|"")+"|[^\s";,]+)'
_OWNERS = re.compile(rf"^ALTER .* OWNER TO {_NAME};$", re.MULTILINE)
_GRANTED = (
    re.compile(rf"^GRANT .* TO {_NAME}(?: WITH GRANT OPTION)?;$", re.MULTILINE),
    re.compile(rf"^ALTER DEFAULT PRIVILEGES FOR ROLE {_NAME} ", re.MULTILINE),
    re.compile(rf"^ALTER DEFAULT PRIVILEGES .* TO {_NAME}(?: WITH GRANT OPTION)?;$", re.MULTILINE),
)
_PSEUDO_ROLES = {"PUBLIC", "CURRENT_USER", "SESSION_USER", "pg_database_owner"}


@dataclass(frozen=True)
class NeededRoles:
    """The roles of an archive.

    Attributes:
        owners: that own something in it.
        others: that are only granted something.
    """

    owners: frozenset[str]
    others: frozenset[str]


def needed_roles(script: str, known: Collection[str] | None) -> NeededRoles:
    """The roles that a script of pg_restore's names.

    Args:
        script: definitions, owners and grants included. A function's body may imitate them.
        known: the roles of the source's server, beside which there are no others; None where the
            backup doesn't say.
    """
    owners = _found(_OWNERS.findall(script), known)
    granted = [name for pattern in _GRANTED for name in pattern.findall(script)]
    return NeededRoles(owners, _found(granted, known) - owners)


def _found(names: list[str], known: Collection[str] | None) -> frozenset[str]:
    roles = {unquoted(name) for name in names} - _PSEUDO_ROLES
    return frozenset(roles if known is None else roles.intersection(known))

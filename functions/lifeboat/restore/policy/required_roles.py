"""Which roles an archive's definitions need.

These are roles that own something or are granted something, and roles that definitions name: a
policy needs its roles even if everything belongs to the role that restores.
"""

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
    re.compile(rf"^SET SESSION AUTHORIZATION {_NAME};$", re.MULTILINE),
)
_PART = r'(?:"(?:[^"]|"")+"|[^\s";,.]+)'
_POLICIES = re.compile(
    rf"^CREATE POLICY {_PART} ON {_PART}\.{_PART}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)?"
    rf" TO ({_PART}(?:, {_PART})*)",
    re.MULTILINE,
)
_ONE_NAME = re.compile(_PART)
_MAPPINGS = re.compile(rf"^CREATE USER MAPPING FOR {_NAME} SERVER ", re.MULTILINE)
_PSEUDO_ROLES = {"PUBLIC", "public", "CURRENT_USER", "SESSION_USER", "pg_database_owner"}


@dataclass(frozen=True)
class NeededRoles:
    """The roles of an archive.

    Attributes:
        owners: that own something in it.
        others: that are only granted something, or grant it.
        named: that policies and user mappings name; a restore without owners needs them too.
    """

    owners: frozenset[str]
    others: frozenset[str]
    named: frozenset[str]

    def of(self, *, owners: bool) -> frozenset[str]:
        """The roles that a restore needs, with or without owners and grants."""
        return self.named | self.owners | self.others if owners else self.named


def needed_roles(script: str, known: Collection[str] | None) -> NeededRoles:
    """The roles that a script of pg_restore's names.

    Args:
        script: definitions, owners and grants included. A function's body may imitate them.
        known: the roles of the source's server, beside which there are no others; None where the
            backup doesn't say.
    """
    owners = _found(_OWNERS.findall(script), known)
    granted = [name for pattern in _GRANTED for name in pattern.findall(script)]
    policies = [name for roles in _POLICIES.findall(script) for name in _ONE_NAME.findall(roles)]
    named = _found([*policies, *_MAPPINGS.findall(script)], known)
    return NeededRoles(owners, _found(granted, known) - owners, named)


def _found(names: list[str], known: Collection[str] | None) -> frozenset[str]:
    roles = {unquoted(name) for name in names} - _PSEUDO_ROLES
    return frozenset(roles if known is None else roles.intersection(known))

"""What a backup reads: the port of all sources, and the source that is the database itself.

A source other than the database is a copy of it as of one moment: a branch at the provider, a clone
of an Aurora cluster, an instance restored from a snapshot. What holds of each is here;
`tests/integration/test_sources.py` asks the same of all.

- A copy is of a moment not before `open` was called first, and nobody else writes to it.
- It has the database under its own name, the same roles and settings, the same major version; and
  who logs in is the role that the database's secret names.
- `open` may take minutes. Called again, it gives the same copy: attempts of one run share it.
- Only `open` raises, and only errors of our own, without a password. Then nothing is left but what
  ends by itself.
- While a copy is made, read and deleted, the database has no session and no lock of the run.
- `close` has the copy deleted. It never raises, is harmless before `open` and when repeated, and
  deletes nothing that this run has not made. What it can't delete ends by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lifeboat.model.source_branch import SourceBranch
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import Login


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """A source that can be connected to.

    Attributes:
        read_login: gives how to log in. Of the database itself it reads the secret anew each time,
            as the password may have been changed.
        branch: the branch that it is; None if it is none.
        database: where the database itself is, for who compares servers; None: where `read_login`
            leads.
    """

    read_login: Callable[[], Login]
    branch: SourceBranch | None = None
    database: Endpoint | None = None


class Source(Protocol):
    """What a backup reads."""

    def open(self) -> OpenSource:
        """Let it be connected to.

        Raises:
            LifeboatError: that is not possible now; says why and what to do.
        """

    def close(self) -> None:
        """Let nothing remain of it."""


@dataclass(frozen=True)
class DatabaseItself:
    """The database that is backed up.

    Attributes:
        read_login: reads its secret.
    """

    read_login: Callable[[], Login]

    def open(self) -> OpenSource:
        """See `Source`."""
        return OpenSource(read_login=self.read_login)

    def close(self) -> None:
        """Nothing was made."""

"""What the restore function answers about the databases of a server: swaps, and what they leave."""

from typing import Annotated, Literal

from pydantic import Field

from lifeboat.model.answers import Answer
from lifeboat.model.drill_report import Verdict
from lifeboat.model.utc import WholeSecond
from lifeboat.restore.policy.answers import RestoreAnswer, RestorePlan


class ConnectedClient(Answer):
    """Sessions of one client that a swap would end.

    What a role may not see is null: the addresses of other roles' clients need pg_read_all_stats.

    Attributes:
        application: the name that the application gives itself; null where it gives none.
        role: as which it is logged in.
        address: that it connects from; null for a local connection.
        sessions: how many it has.
    """

    application: str | None
    role: str | None
    address: str | None
    sessions: int


class SwapPlan(RestorePlan):
    """What `swap` answers without `execute`, and `undo`. `next_event` carries it out.

    Attributes:
        server: host and port.
        live_database: name of the database that applications connect to.
        restored_database: the database that would get that name.
        previous_database: a name like the one that the live database would get; null where there
            is no live database.
        verdict: of the restore that made the restored database; null for a previous database.
        clients: whose sessions would be ended, those with the most first.
    """

    server: str
    live_database: str
    restored_database: str
    previous_database: str | None
    verdict: Verdict | None
    clients: tuple[ConnectedClient, ...]


class RenamedDatabase(Answer):
    """One database that got another name.

    Attributes:
        from_: the name that it had.
        to: the name that it has.
    """

    from_: Annotated[str, Field(alias="from")]
    to: str


class SwapResult(RestoreAnswer):
    """What `swap` came to. `next_event` is a plan of the swap back.

    Attributes:
        live_database: name of the database that applications connect to.
        swapped: which databases were renamed, in order.
        previous_database: what was live before is kept under this name; null where there was none.
        cleanup_sql: the statement that removes the previous database, once nobody needs it.
        rollback_sql: statements that undo the swap, to be run in another database of the server.
        notes: what else to know.
        seconds: the renames took.
    """

    live_database: str
    swapped: tuple[RenamedDatabase, ...]
    previous_database: str | None
    cleanup_sql: str | None
    rollback_sql: str
    notes: tuple[str, ...]
    seconds: float | None


class LeftDatabase(Answer):
    """One database that a restore or a swap has left on the server.

    Attributes:
        name: of the database.
        kind: "restored" (a whole database), "tables" (some tables of one) or "previous" (what was
            live before a swap).
        created_at: the start of the restore, or the moment of the swap.
        complete: whether its restore came to its end, by its report; what was live before a swap
            is complete.
        backup: that it was restored from; null where no report says so.
        data_as_of: the moment whose data it has; null where no report says so.
        verdict: of its restore; null where no report says so.
        owner: the role that owns it.
        bytes: its size; null where our role may not see it.
        sessions: that are connected to it.
        drop_sql: the statement that removes it. Lifeboat itself never drops it.
    """

    name: str
    kind: Literal["restored", "tables", "previous"]
    created_at: WholeSecond
    complete: bool
    backup: str | None
    data_as_of: WholeSecond | None
    verdict: Verdict | None
    owner: str
    bytes: int | None
    sessions: int
    drop_sql: str


class DatabaseList(RestoreAnswer):
    """What `databases` answers.

    Attributes:
        server: host and port.
        live_database: name of the database that applications connect to.
        databases: what restores and swaps of it have left there, the newest first.
    """

    server: str
    live_database: str
    databases: tuple[LeftDatabase, ...]

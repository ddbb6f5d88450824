"""Says how large a server's lock table has to be for a backup."""

from dataclasses import dataclass

from lifeboat.errors import CapacityError

SETTING = "max_locks_per_transaction"
"""PostgreSQL names it in the hint of each error about a full lock table, in any language."""


@dataclass(frozen=True)
class LockTable:
    """The settings that make up a server's lock table; it has room for about their product.

    https://www.postgresql.org/docs/current/runtime-config-locks.html

    Attributes:
        per_transaction: max_locks_per_transaction.
        transactions: max_connections and max_prepared_transactions together.
    """

    per_transaction: int
    transactions: int

    def per_transaction_for(self, tables: int) -> int:
        """The value of max_locks_per_transaction that has room for so many further locks."""
        return self.per_transaction + -(-tables // self.transactions)


def lock_table_full(room: LockTable, tables: int) -> CapacityError:
    """The error for a server whose lock table has no room for a dump of so many tables."""
    return CapacityError(
        f"The server's lock table is full: a dump locks all {tables:,} tables at once, and"
        f" {SETTING} = {room.per_transaction} with {room.transactions} connections and prepared"
        f" transactions has room for about {room.per_transaction * room.transactions:,} locks of"
        " all sessions together.",
        todo=f"Set {SETTING} to {room.per_transaction_for(tables)} (ALTER SYSTEM or the provider's"
        " parameters), restart the server, then invoke the function again.",
    )

"""`lifeboat cost`: what does it cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.invoke import call
from lifeboat_cli.options import command as declared
from lifeboat_cli.tables import table

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
def cost(context: Context) -> None:
    """What everything costs a month, line by line."""
    answer = call(context, "monitor", None, {})
    if context.options.json:
        context.show_json(answer)
        return
    bill = answer["bill"]
    lines = [(each["name"], f"${each['dollars']:,.2f}") for each in bill["lines"]]
    total = ("all of it", f"${bill['total']:,.2f}")
    context.show(table(("A MONTH", "DOLLARS"), [*lines, total], right="DOLLARS"))
    context.show_prose(*bill["notes"])


command = cost

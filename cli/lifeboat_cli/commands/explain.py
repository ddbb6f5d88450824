"""`lifeboat explain`: what does a finding mean?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.options import offline
from lifeboat_cli.pages import section

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@offline
@click.argument("code")
def explain(context: Context, code: str) -> None:
    """What a finding or an alarm means, and what to do. Without AWS.

    CODE is what `lifeboat status` and the emails name, such as drill-too-old.
    """
    context.show_page(section(code))


command = explain

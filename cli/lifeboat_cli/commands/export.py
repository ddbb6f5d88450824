"""`lifeboat export`: a backup, or some of its tables, as a file of plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import follow
from lifeboat_cli.aws_errors import explained
from lifeboat_cli.conversation import Consent, agreed
from lifeboat_cli.invoke import call
from lifeboat_cli.options import chooses_backup
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import (
    as_of,
    backup_id,
    moment_before,
    plan_lines,
    table_names,
    without_none,
)
from lifeboat_cli.s3_client import s3_client
from lifeboat_cli.text import plural, size

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@chooses_backup
@click.option("--link", is_flag=True, help="Also print a link that needs no AWS account.")
@click.option("--plan", is_flag=True, help="Show the plan, and do nothing.")
@click.option("--yes", "-y", is_flag=True, help="Don't ask.")
def export(  # noqa: PLR0913  # click gives options as keywords
    context: Context,
    *,
    database: str,
    backup: str | None,
    before: str | None,
    tables: tuple[str, ...],
    link: bool,
    plan: bool,
    yes: bool,
) -> None:
    """Write a backup, or some of its tables, as SQL into the bucket.

    No server is needed. A link is signed with your own rights, on this machine; no log has it.
    """
    event = without_none(
        action="export",
        database=database,
        backup=backup_id(database, backup),
        before=moment_before(context, before),
        tables=table_names(tables),
    )
    planned = call(context, "restore", None, event)
    lines = plan_lines(planned, "Export")
    go = agreed(context, planned, lines, Consent(plan_only=plan, yes=yes), "Go on?")
    if go is None:
        return
    answer = follow.run(context, "restore", None, go, doing=f"Exporting {planned['backup']}")
    if context.options.json:
        context.show_json(answer)
        return
    days = plural(answer["removed_after_days"], "day")
    context.show(
        f"{answer['file']}  {size(answer['file_bytes'])}, {as_of(answer)}; removed after {days}",
        f"Fetch it:  {answer['next_command']}",
    )
    if link:
        minutes = int(answer["download_url_minutes"])
        context.show(
            f"Link, at most {plural(minutes, 'minute')}; whoever has it has the rows:",
            _signed(context, answer["file"], minutes),
        )


command = export


def _signed(context: Context, uri: str, minutes: int) -> str:
    """A link to the file, by the person's own credentials; it ends with them at the latest."""
    bucket, _, key = uri[len("s3://") :].partition("/")
    client = s3_client(context.stack)
    with explained("credentials"):
        url: str = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=minutes * 60
        )
    return url

"""`lifeboat open`: look at the status page, or at the newest report of a database."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

import click

from lifeboat_cli.aws_errors import explained
from lifeboat_cli.errors import NOTHING_SENT, CommandError
from lifeboat_cli.options import command as declared
from lifeboat_cli.s3_client import s3_client

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

STATUS_PAGE = "status.html"
_SECONDS = 600


@declared(json=False, sends_event=False)
@click.argument("database", required=False)
@click.option("--restore", is_flag=True, help="The newest restore's report, not the drill's.")
@click.option("--print", "printed", is_flag=True, help="Print the link; open no browser.")
def open_(context: Context, database: str | None, *, restore: bool, printed: bool) -> None:
    """Open the status page or a database's newest drill in a browser.

    The link is signed with your own rights and holds for ten minutes.
    """
    key = _newest(context, database, restore=restore) if database else STATUS_PAGE
    link = _link(context, key)
    browser = None if printed else _browser()
    context.say(f"s3://{context.stack.bucket}/{key}")
    if browser is None:
        context.show(link)
    else:
        browser.open(link)


command = open_


def _newest(context: Context, database: str, *, restore: bool) -> str:
    """The key of the newest report's page."""
    kind = "restores" if restore else "drills"
    bucket, prefix = context.stack.bucket, f"{kind}/{database}/"
    with explained(f"s3:ListBucket on {bucket}"):
        pages = s3_client(context.stack).get_paginator("list_objects_v2")
        keys = [
            each["Key"]
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for each in page.get("Contents", ())
            if each["Key"].endswith(".html")
        ]
    if keys:
        return str(max(keys))
    again = f"lifeboat drill {database}" if kind == "drills" else f"lifeboat restore {database}"
    raise CommandError(
        f"There is no report page in s3://{bucket}/{prefix}",
        safe=NOTHING_SENT,
        next_step=f"Make one: {again}",
    )


def _link(context: Context, key: str) -> str:
    """A link to an object that exists and that the person may read."""
    bucket = context.stack.bucket
    client = s3_client(context.stack)
    with explained(f"s3:ListBucket and s3:GetObject on {bucket}/{key}"):
        found = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", ())
        if not found:
            raise CommandError(
                f"There is no s3://{bucket}/{key} yet.",
                safe=NOTHING_SENT,
                next_step="The monitor writes it at its next check: lifeboat status",
            )
        client.head_object(Bucket=bucket, Key=key)  # or the browser shows the refusal
        return str(
            client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=_SECONDS
            )
        )


def _browser() -> webbrowser.BaseBrowser | None:
    try:
        return webbrowser.get()
    except webbrowser.Error:
        return None

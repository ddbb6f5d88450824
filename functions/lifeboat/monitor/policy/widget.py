"""The status page as a CloudWatch custom widget.

A dashboard invokes the monitor for its widget at each refresh. So the widget costs no check: it
shows the page that the last check stored. CloudWatch removes scripts from the HTML, and shows the
rest inside its own page, so the rules of the style apply to the widget alone, and links to places
of the page, which would lead the console elsewhere, are left out.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
"""

import re
from collections.abc import Mapping
from datetime import datetime

from lifeboat.errors import StaleStatusError
from lifeboat.model.text import ago, format_time
from lifeboat.monitor.policy.page_time import page_time

DESCRIPTION = """\
## Lifeboat's status

The page that the last check of the monitor wrote: how many databases are safe, each of them, what
is wrong, and what to type. It takes no parameters, checks nothing and sends no notifications.
"""
"""What the console shows to who adds a widget; Markdown."""

NO_PAGE = "<p>No check has written the status page yet. The next check of the monitor will.</p>"
"""The widget before the first check."""

_SCOPE = ".lifeboat"
_DARK = "@media (prefers-color-scheme: dark)"
_LINK = re.compile(r' <a href="#[^"<>]*">[^<>]*</a>')
_OWN_STYLE = f"""\
{_SCOPE} {{ max-width: none; padding: .5rem; }}
{_SCOPE} h1 {{ font-size: 2rem; }}
"""


def is_widget(event: object) -> bool:
    """Whether a dashboard asks for its widget."""
    return isinstance(event, Mapping) and "widgetContext" in event


def is_question(event: object) -> bool:
    """Whether the console asks what the widget is."""
    return isinstance(event, Mapping) and event.get("describe") is True


def widget(page: str, event: object) -> str:
    """The page as a widget, in the colours of the console.

    Args:
        page: as `lifeboat.monitor.policy.status_page` renders it.
        event: of the dashboard.
    """
    style = page.partition("<style>")[2].partition("</style>")[0]
    body = page.partition("<body>")[2].partition("</body>")[0]
    dark = _theme(event) == "dark"
    themed = style.replace(_DARK, "@media all" if dark else "@media not all")
    return (
        '<div class="cwdb-no-default-styles"></div>'
        f"<style>{_scoped(themed)}{_OWN_STYLE}</style>"
        f'<div class="{_SCOPE[1:]}">{_LINK.sub("", body)}</div>'
    )


def require_fresh(written: datetime, cron: str, now: datetime) -> None:
    """Refuse a page that is too old.

    An open dashboard hides from the alarm monitor-heartbeat that the monitor is no longer started,
    since it invokes the same function. Then this error notifies people, by alarm monitor-error.

    Args:
        written: when the page was stored.
        cron: the monitor's schedule.
        now: the time.

    Raises:
        StaleStatusError: two checks are missing.
    """
    if now <= page_time(cron, written).too_old:
        return
    raise StaleStatusError(
        f"The monitor has not finished a check since {format_time(written)} ({ago(written, now)}):"
        " nothing checks the backups.",
        safe="Backups and drills run without the monitor; existing backups are not affected.",
        todo="Invoke the monitor to run a check now. Then read its log, and see that its schedule"
        " exists and is enabled.",
    )


def _theme(event: object) -> object:
    match event:
        case {"widgetContext": {"theme": theme}}:
            return theme
    return "light"


def _scoped(style: str) -> str:
    """The same rules for what is inside of the widget only."""
    *heads, end = style.split("{")
    return "{".join([*map(_scoped_head, heads), end])


def _scoped_head(text: str) -> str:
    """The end of a rule, and the selectors of the next one."""
    before, brace, selectors = text.rpartition("}")
    return f"{before}{brace}{_selectors(selectors)} "


def _selectors(text: str) -> str:
    head = text.strip()
    if head.startswith("@"):
        return head
    return ", ".join(map(_selector, head.split(",")))


def _selector(text: str) -> str:
    own = text.strip()
    return _SCOPE if own in (":root", "body") else f"{_SCOPE} {own}"

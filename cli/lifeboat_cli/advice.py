"""The functions' advice names events and their keys; here it becomes commands and options."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from lifeboat_cli.backup_ids import short_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMANDS = {
    "list": "backups",
    "tables": "show",
    "databases": "cleanup",
    "restore": "restore",
    "swap": "swap",
    "undo": "undo",
    "thaw": "thaw",
}
"""Actions of the restore function, and the commands that ask for them."""

_KEYS = {"action", "database", "backup", "restored_database", "allow_unverified", "target"}
"""What a command can say of an event. One with any other key is left as it is."""

_EVENT = re.compile(r'\b([Ss])end (?=\{"action":)')
_PHRASES = (
    ("send the event again", "repeat the command"),
    ("send the event without `execute`", "show the plan (--plan)"),
    ('send it with "confirm": ', "repeat it with --confirm "),
    ("send it with", "repeat it with"),
    ('`owners` is "none"', "of --no-owners"),
    ('"owners": "none"', "--no-owners"),
    ('"replace": true', "--replace"),
    ('"allow_unverified": true', "--allow-unverified"),
    ("`target`", "--target NAME"),
    ("`restored_database`", "RESTORED_DATABASE"),
    ("data_only", "--data-only"),
)
"""Words about events; they may also begin a sentence."""


def as_commands(advice: str) -> str:
    """The advice in the words of this program; what it has no words for stays as it is.

    Args:
        advice: of a function: a next step, a blocker or a warning.
    """
    said, rest = [], advice
    while match := _EVENT.search(rest):
        try:
            event, length = json.JSONDecoder().raw_decode(rest[match.end() :])
        except ValueError:
            break
        end = match.end() + length
        said.append(_words(rest[: match.start()]))
        if command := _command(event):
            said.append(f"{'Type' if match[1] == 'S' else 'type'} `{command}`")
        else:
            said.append(rest[match.start() : end])
        rest = rest[end:]
    return "".join((*said, _words(rest)))


def _command(event: Mapping[str, Any]) -> str | None:
    """What to type for an event; None if there is no such command."""
    name = _COMMANDS.get(event["action"])
    if name is None or not event.keys() <= _KEYS or "database" not in event:
        return None
    words = ["lifeboat", name, str(event["database"])]
    if backup := event.get("backup"):
        words.append(short_id(str(backup)))
    if restored := event.get("restored_database"):
        words.append(str(restored))
    if event.get("allow_unverified"):
        words.append("--allow-unverified")
    if target := event.get("target"):
        words += ["--target", str(target)]
    return shlex.join(words)


def _words(advice: str) -> str:
    for of_event, said in _PHRASES:
        for change in (str, _capitalised):
            advice = advice.replace(change(of_event), change(said))
    return advice


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]

r"""What pg_restore says on standard error, taken apart.

A message is `pg_restore: error: <text>`, and the text may have lines:

    pg_restore: error: could not execute query: ERROR:  type "public.citext" does not exist
    LINE 3:     name public.citext,
                     ^
    Command was: CREATE TABLE public.users (
        name public.citext
    );

Workers of a parallel restore share the stream. Each writes `pg_restore:`, a space, `error: ` and
the text one after the other, and another's may fall in between. So heads pile up on one line and
are missing from a later one. A text stays whole up to a length of 1 KB, which errors of parallel
items hardly reach; one that another has broken into is recognised and not relied on.

At the end pg_restore says how many errors it has ignored. In a serial restore that is their number;
in a parallel one the leader counts each item with errors once more (`mark_restore_job_done` in
PostgreSQL's pg_backup_archiver.c, after `parseWorkerResponse` in parallel.c has added the errors
themselves). Version 14 also names entries of the archive in between, and the server's notices.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lifeboat.model.server_messages import truncate

_HEAD = re.compile(r"(?:pg_restore:|error: |warning: |detail: |hint: | )*")
_SUMMARY = re.compile(r"errors ignored on restore: (\d+)")
_ASIDE = re.compile(
    r"while (?:INITIALIZING|PROCESSING TOC|FINALIZING):|from TOC entry \d+; "
    r"|(?:WARNING|NOTICE|INFO|LOG|DEBUG):  "
)
_HEADLESS = re.compile(r"could not |COPY failed for table |error returned by |from TOC entry \d+; ")
"""How a text begins whose head another worker's line has taken away: errors of single items."""

# Names have at most 63 bytes. What follows one may have quotes and colons, too.
_PREFIX = re.compile(
    r"(?:could not execute query: (?:ERROR:  |FATAL:  )?"
    r'|COPY failed for table "([^\n]{1,63})": (?:ERROR:  |FATAL:  )'
    r'|COPY failed for table "([^\n]{1,63}?)": |ERROR:  |FATAL:  )'
)


@dataclass(frozen=True)
class RestoreProblem:
    """One error of a restore.

    Attributes:
        error: the server's or pg_restore's words, their first line.
        rest: the other lines: the place in the statement, DETAIL, HINT, CONTEXT. May hold rows.
        statement: what was to be executed, whole; empty where it is not known.
        copied: the table, without its schema, whose rows were being loaded.
    """

    error: str
    rest: str = ""
    statement: str = ""
    copied: str | None = None


@dataclass(frozen=True)
class RestoreOutput:
    """Everything that one or more runs of pg_restore said.

    Attributes:
        problems: the errors, in order.
        ignored: how many it counted itself, in the odd way described above; 0 when it was ended
            before it could say so.
        whole: whether the output began with a message; else its beginning has been lost.
    """

    problems: tuple[RestoreProblem, ...]
    ignored: int
    whole: bool = True

    @property
    def understood(self) -> bool:
        """Whether each error that pg_restore counted can be among `problems`, and no others."""
        broken_into = any("pg_restore:" in each.rest + each.statement for each in self.problems)
        counted = len(self.problems) <= self.ignored <= 2 * len(self.problems)
        return self.whole and counted and not broken_into


def parse(said: str) -> RestoreOutput:
    """Find every error.

    Args:
        said: the standard error of one run, or of several one after the other.
    """
    problems: list[RestoreProblem] = []
    ignored = 0
    for head, text in _messages(said):
        summary = _SUMMARY.fullmatch(text)
        if summary:
            ignored += int(summary[1])
        elif not _ASIDE.match(text) and ("error: " in head or "warning: " not in head):
            problems.append(_problem(text))
    first = said.partition("\n")[0]
    return RestoreOutput(tuple(problems), ignored, whole=not said or _begins(first) is not None)


def _messages(said: str) -> Iterator[tuple[str, str]]:
    """Heads and texts, in order; lines before the first head belong to no message."""
    head: str | None = None
    lines: list[str] = []
    for line in said.splitlines():
        begins = _begins(line)
        if begins is None:
            lines.append(line)
            continue
        if head is not None:
            yield head, "\n".join(lines).rstrip()
        head, lines = begins, [line.removeprefix(begins)]
    if head is not None:
        yield head, "\n".join(lines).rstrip()


def _begins(line: str) -> str | None:
    """The head of the message that begins with this line, perhaps empty; None when none does."""
    match = _HEAD.match(line)
    head = match[0] if match else ""
    text = line.removeprefix(head)
    is_head = head.startswith(("pg_restore:", "error: ", " error: ")) or _HEADLESS.match(line)
    return head if is_head and (text or "pg_restore:" in head) else None


def _problem(text: str) -> RestoreProblem:
    said, _, statement = text.partition("\nCommand was: ")
    error, _, rest = said.partition("\n")
    match = _PREFIX.match(error)
    begins = match.end() if match else 0
    copied = (match[1] or match[2]) if match else None
    return RestoreProblem(truncate(error[begins:]), rest.strip(), statement.strip(), copied)

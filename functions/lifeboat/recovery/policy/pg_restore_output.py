r"""Parses what pg_restore writes to standard error.

A message is `pg_restore: error: <text>`, and the text may have lines:

    pg_restore: error: could not execute query: ERROR:  type "public.citext" does not exist
    LINE 3:     name public.citext,
                     ^
    Command was: CREATE TABLE public.users (
        name public.citext
    );

Workers of a parallel restore share the stream. Each writes `pg_restore:`, a space, `error: ` and
the text in separate writes, and another worker's may come in between. So several heads may be on
one line, and a later line may have none. A text of up to 1 KB is written at once, and errors of
parallel items are rarely longer; a text with another one inside is recognized and not used.

At the end, pg_restore writes how many errors it has ignored. In a serial restore that is their
number; in a parallel one the leader counts each item with errors once more (`mark_restore_job_done`
in PostgreSQL's pg_backup_archiver.c, after `parseWorkerResponse` in parallel.c has added the errors
themselves). Version 14 also writes names of entries and the server's notices in between.
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
"""How a text begins that has lost its head to another worker's line: errors of single items."""

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
        error: the first line of the server's or pg_restore's message.
        rest: the other lines: the position in the statement, DETAIL, HINT, CONTEXT. May quote rows.
        statement: the whole statement; empty if unknown.
        copied: the table, without its schema, whose rows were being loaded.
    """

    error: str
    rest: str = ""
    statement: str = ""
    copied: str | None = None


@dataclass(frozen=True)
class RestoreOutput:
    """The parsed messages of one or more runs of pg_restore.

    Attributes:
        problems: the errors, in order.
        ignored: pg_restore's own count, as described above; 0 when it ended before writing it.
        whole: whether the output begins with a message; else its beginning is lost.
    """

    problems: tuple[RestoreProblem, ...]
    ignored: int
    whole: bool = True

    @property
    def understood(self) -> bool:
        """Whether `problems` agrees with pg_restore's own count."""
        broken_into = any("pg_restore:" in each.rest + each.statement for each in self.problems)
        counted = len(self.problems) <= self.ignored <= 2 * len(self.problems)
        return self.whole and counted and not broken_into


def parse(said: str) -> RestoreOutput:
    """Find every error.

    Args:
        said: the standard error of one run, or of several in order.
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
    """Heads and texts, in order. Lines before the first head belong to no message."""
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
    """The head, perhaps empty, of a message that begins with this line; None when none begins."""
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

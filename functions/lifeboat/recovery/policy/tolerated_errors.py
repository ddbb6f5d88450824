"""The errors of a restore that aren't the backup's fault, with reasons.

The lists are short, and each rule has its reason. An error that no rule matches is fatal.
"""

import re
from dataclasses import dataclass
from typing import Literal

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem

_NOT_THERE = r" does not exist"
_NAME = r'(?:"(?:[^"]|"")+"|[^\s".]+)'

# A hostile database may write long messages. So each pattern can match a text in one way only:
# trying many ways would take hours. The first of two parts never contains their separator.


@dataclass(frozen=True)
class ToleratedError:
    """One kind of error that isn't the backup's fault.

    Attributes:
        error: a regular expression for the whole first line of the error. A table in its group
            `relation` must not exist at the end, or the error isn't tolerated. With that group, or
            a group `missing`, the server has to lack what is named there.
        why: the reason, in words.
        statement: a regular expression for the beginning of the statement. A name in its group
            `collation` has to be a replaced collation; with a group `schema`, at least one
            collation has to be replaced.
        follows: tolerate it only if a tolerated `lack` of this restore explains it.
        lack: the server lacks something that other objects may depend on.
        untested: the statement creates nothing, but what it does stays untested.
        text: tolerate it only for something that works by rules of text which the server lacks: a
            CHECK of the name in group `constraint`, a key, or bounds of partitions.
        noted: nothing is untested or lost, but people should know it.
    """

    error: str
    why: str
    statement: str = ""
    follows: bool = False
    lack: bool = False
    untested: bool = False
    text: Literal["", "CHECK", "key", "bounds"] = ""
    noted: bool = False

    def match(self, problem: RestoreProblem) -> dict[str, str] | None:
        """The matched groups if the rule applies to the problem, else None."""
        begins = re.match(self.statement, problem.statement)
        says = re.fullmatch(self.error, problem.error)
        return begins.groupdict() | says.groupdict() if begins and says else None

    def missing_name(self, problem: RestoreProblem) -> str | None:
        """What the error says is missing, as it writes names; None if it names nothing."""
        caught = self.match(problem) or {}
        return caught.get("relation") or caught.get("missing")


ANYWHERE = (
    ToleratedError(
        r'extension "[^"]*" is not available',
        "the server has no files of the extension",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    ToleratedError(
        r'could not open extension control file "[^\n]*": No such file or directory',
        "the server has no files of the extension; so says version 14",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    ToleratedError(
        r'required extension "[^"]*" is not installed',
        "the server has no files of another extension that this one needs",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    ToleratedError(
        r'could not access file "[^\n]*": No such file or directory',
        "a function in C whose library the server doesn't have",
        statement="CREATE FUNCTION ",
        lack=True,
    ),
    ToleratedError(
        r"can only create extension in database [^\n]*",
        "only one database of a server may have the extension (pg_cron), and this one is another",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    ToleratedError(
        r'security label provider "[^\n]*" is not loaded',
        "the server hasn't loaded the library that knows such labels",
        statement="SECURITY LABEL ",
        untested=True,
    ),
    ToleratedError(
        r'could not set "default_tablespace" to [^\n]*',
        "the server has no such tablespace, so what was in it is in the default one",
        noted=True,
    ),
    ToleratedError(
        r'could not connect to server "[^\n]*"|could not establish connection',
        "the other server can't be reached from here; the view stays empty",
        statement="REFRESH MATERIALIZED VIEW ",
        untested=True,
    ),
    ToleratedError(
        r'materialized view "(?P<missing>[^\n]+)" has not been populated',
        "it shows such a view, which is empty",
        statement="REFRESH MATERIALIZED VIEW ",
        follows=True,
        untested=True,
    ),
    ToleratedError(
        r'collation "[^\n]+" already exists|ICU is not supported in this build'
        r'|could not create locale "[^\n]+": No such file or directory',
        "it was made before, as another kind, since the server has no ICU or no such locale",
        statement=rf"CREATE COLLATION {_NAME}\.(?P<collation>{_NAME}) \(",
    ),
    ToleratedError(
        r'schema "[^\n]+" already exists',
        "it was made before, for such a collation",
        statement="CREATE SCHEMA (?P<schema>[^\n]+);",
    ),
    ToleratedError(
        r"permission denied for (?:function|table|view) pg_\w+",
        "its owner was a superuser, and nobody is one while views are filled here",
        statement="REFRESH MATERIALIZED VIEW ",
    ),
    ToleratedError(
        r'(?>could not set "default_table_access_method": [^":\n]*: [^":\n]*'
        r'"default_table_access_method": )"(?P<missing>[^\n]+)"',
        "a lacking extension stores such tables in its own way; here they are ordinary ones",
        follows=True,
        untested=True,
    ),
    ToleratedError(
        rf'extension "(?P<missing>[^"]*)"{_NOT_THERE}',
        "a comment on an extension that the server doesn't have",
        statement="COMMENT ON EXTENSION ",
        follows=True,
    ),
    # pg_dump writes qualified names, so a name without a schema comes from a function's body that
    # relies on a search path. That function fails in any restore, so the error isn't tolerated.
    ToleratedError(
        rf'relation "(?P<relation>[^\n.]*\.[^\n]*)"{_NOT_THERE}',
        "a table, view, index or sequence that belongs to a lacking extension, or failed for it",
        follows=True,
    ),
    ToleratedError(
        rf'type "?(?P<missing>[^"\n.]+\.[^\n]+){_NOT_THERE}',
        "a type of a lacking extension, or one that was made of it",
        follows=True,
    ),
    ToleratedError(
        rf"(?:function|procedure|aggregate) (?P<missing>[^(\n.]+\.[^\n]+){_NOT_THERE}",
        "a function of a lacking extension, or one that takes or gives such a type",
        follows=True,
    ),
    ToleratedError(
        r"operator does not exist: (?:[^\n]* )?"
        r"(?P<missing>[^\s.]+\.[-+*/<>=~!@#%^&|`?]+) [^\n]*",
        "an operator of a lacking extension",
        follows=True,
    ),
    ToleratedError(
        rf'operator (?:class|family) "(?P<missing>[^\n.]+\.[^\n]+)"{_NOT_THERE}'
        r' for access method "[^"]*"',
        "an operator class of a lacking extension, or one for such a type",
        follows=True,
    ),
    ToleratedError(
        r'data type [^\n]+ has no default operator class for access method "[^"]*"',
        "a lacking extension (btree_gist, btree_gin) would bring it",
        follows=True,
    ),
    ToleratedError(
        r"(?:text search (?:parser|dictionary|template|configuration)|statistics object)"
        rf' "(?P<missing>[^\n.]+\.[^\n]+)"{_NOT_THERE}',
        "a part of full text search, or statistics, that a lacking extension brings or that failed",
        follows=True,
    ),
    ToleratedError(
        r"(?:schema|language|access method|foreign-data wrapper|server|event trigger)"
        rf' "(?P<missing>[^\n]+)"{_NOT_THERE}',
        "something without a schema that a lacking extension brings, or that failed for it",
        follows=True,
    ),
    ToleratedError(
        r'(?:constraint|trigger|policy|rule) (?>"[^\n]+?" for (?:table|relation) )"[^\n]+"'
        rf"{_NOT_THERE}",
        "a comment on a part of a table that failed itself",
        statement="COMMENT ON ",
        follows=True,
    ),
)
"""For every server."""

EMBEDDED = (
    *ANYWHERE,
    ToleratedError(
        r'(?>[^\n]+? violates check constraint )"(?P<constraint>[^\n]+)"',
        "the drill's own server lacks the locale by which the CHECK works",
        text="CHECK",
    ),
    ToleratedError(
        r'insert or update on table "[^\n]+',
        "the drill's own server lacks the locale by which citext compares",
        statement=r"ALTER TABLE [^;]* FOREIGN KEY ",
        text="key",
    ),
    ToleratedError(
        r'empty range bound specified for partition [^\n]*|partition "[^\n]+" would overlap [^\n]*'
        r'|cannot attach index "[^\n]+',
        "the drill's own server lacks the locale by which partitions are bounded",
        statement=r"ALTER (?:TABLE|INDEX) [^;]* ATTACH PARTITION ",
        text="bounds",
    ),
    ToleratedError(
        r'new row for relation "[^\n]+" violates partition constraint'
        r'|no partition of relation "[^\n]+" found for row',
        "the drill's own server lacks the locale by which partitions are bounded",
        text="bounds",
    ),
    ToleratedError(
        r'could not open file "[^\n]*" for reading: [^\n]*|program "[^\n]*" failed'
        r"|could not (?:execute|close|read from) [^\n]*command[^\n]*",
        "the drill's own server is kept from files that aren't its own, and from programs",
        statement="REFRESH MATERIALIZED VIEW ",
        untested=True,
    ),
    ToleratedError(
        r'permission denied to set the "(?:filename|program)" option of a file_fdw foreign table'
        r"|only superuser or a member of the pg_[a-z_]+ role may specify the (?:filename|program)"
        r" option of a file_fdw foreign table",
        "only a superuser may name files and programs, and in a drill nothing is made by one",
        statement="CREATE FOREIGN TABLE ",
        lack=True,
    ),
)
"""For the drill's own server, which is in a jail."""

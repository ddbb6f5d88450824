"""The errors of a restore that don't speak against the backup, and why not.

The lists are short, and each line has its reason. Whatever no line names is fatal.
"""

import re
from dataclasses import dataclass

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem

_NOT_THERE = r" does not exist"
_NAME = r'(?:"(?:[^"]|"")+"|[^\s".]+)'

# What a database says may be long and meant to be: each pattern can fit a text in one way only, or
# trying them all would take hours. So the first of two parts never has what separates them.


@dataclass(frozen=True)
class Excuse:
    """One kind of error that isn't the backup's fault.

    Attributes:
        error: a regular expression, over the whole first line of the error. What a group
            `relation` catches is remembered: the excuse falls if that table is there in the end.
        why: the reason, in words.
        statement: a regular expression for the beginning of the statement. What a group `collation`
            catches has to be one of those that were replaced, and for a group `schema` there has to
            be one.
        follows: it counts only when something is lacking: after an excused `lack` of this restore.
        lack: it says that the server lacks something on which other objects may depend.
        untested: what the statement was to do stays untested, although it makes nothing new.
    """

    error: str
    why: str
    statement: str = ""
    follows: bool = False
    lack: bool = False
    untested: bool = False

    def fits(self, problem: RestoreProblem) -> dict[str, str] | None:
        """What its groups have caught, when it speaks of that problem."""
        begins = re.match(self.statement, problem.statement)
        says = re.fullmatch(self.error, problem.error)
        return begins.groupdict() | says.groupdict() if begins and says else None


_ANYWHERE = (
    Excuse(
        r'extension "[^"]*" is not available',
        "the server has no files of the extension",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    Excuse(
        r'could not open extension control file "[^\n]*": No such file or directory',
        "the server has no files of the extension; so says version 14",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    Excuse(
        r'required extension "[^"]*" is not installed',
        "the server has no files of another extension that this one needs",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    Excuse(
        r'could not access file "[^\n]*": No such file or directory',
        "a function in C whose library the server doesn't have",
        statement="CREATE FUNCTION ",
        lack=True,
    ),
    Excuse(
        r'collation "[^\n]+" already exists|ICU is not supported in this build'
        r'|could not create locale "[^\n]+": No such file or directory',
        "it was made before, as another kind, since the server has no ICU or no such locale",
        statement=rf"CREATE COLLATION {_NAME}\.(?P<collation>{_NAME}) \(",
    ),
    Excuse(
        r'schema "[^\n]+" already exists',
        "it was made before, for such a collation",
        statement="CREATE SCHEMA (?P<schema>[^\n]+);",
    ),
    Excuse(
        r"permission denied for (?:function|table|view) pg_\w+",
        "its owner was a superuser, and nobody is one while views are filled here",
        statement="REFRESH MATERIALIZED VIEW ",
    ),
    Excuse(
        rf'extension "[^"]*"{_NOT_THERE}',
        "a comment on an extension that the server doesn't have",
        statement="COMMENT ON EXTENSION ",
        follows=True,
    ),
    # pg_dump writes names in full, so a name without a schema comes from a function's body that
    # relies on a search path. That function fails in any restore: such errors are never excused.
    Excuse(
        rf'relation "(?P<relation>[^\n.]*\.[^\n]*)"{_NOT_THERE}',
        "a table, view, index or sequence that belongs to a lacking extension, or failed for it",
        follows=True,
    ),
    Excuse(
        rf'type "?[^"\n.]+\.[^\n]+{_NOT_THERE}',
        "a type of a lacking extension, or one that was made of it",
        follows=True,
    ),
    Excuse(
        rf"(?:function|procedure|aggregate) [^(\n.]+\.[^\n]+{_NOT_THERE}",
        "a function of a lacking extension, or one that takes or gives such a type",
        follows=True,
    ),
    Excuse(
        r"operator does not exist: [^\n]*\.[-+*/<>=~!@#%^&|`?]+ [^\n]*",
        "an operator of a lacking extension",
        follows=True,
    ),
    Excuse(
        rf'operator (?:class|family) "[^\n.]+\.[^\n]+"{_NOT_THERE} for access method "[^"]*"',
        "an operator class of a lacking extension, or one for such a type",
        follows=True,
    ),
    Excuse(
        r'data type [^\n]+ has no default operator class for access method "[^"]*"',
        "a lacking extension (btree_gist, btree_gin) would bring it",
        follows=True,
    ),
    Excuse(
        r"(?:text search (?:parser|dictionary|template|configuration)|statistics object)"
        rf' "[^\n.]+\.[^\n]+"{_NOT_THERE}',
        "a part of full text search, or statistics, that a lacking extension brings or that failed",
        follows=True,
    ),
    Excuse(
        rf'(?:schema|language|access method|foreign-data wrapper|server|event trigger) "[^\n]+"'
        rf"{_NOT_THERE}",
        "something without a schema that a lacking extension brings, or that failed for it",
        follows=True,
    ),
    Excuse(
        r'(?:constraint|trigger|policy|rule) (?>"[^\n]+?" for (?:table|relation) )"[^\n]+"'
        rf"{_NOT_THERE}",
        "a comment on a part of a table that failed itself",
        statement="COMMENT ON ",
        follows=True,
    ),
)
"""For every server."""

EMBEDDED = (
    *_ANYWHERE,
    Excuse(
        r'could not connect to server "[^\n]*"|could not establish connection',
        "the drill's own server is kept from reaching other servers; the view stays empty",
        statement="REFRESH MATERIALIZED VIEW ",
        untested=True,
    ),
    Excuse(
        r'could not open file "[^\n]*" for reading: [^\n]*|program "[^\n]*" failed'
        r"|could not (?:execute|close|read from) [^\n]*command[^\n]*",
        "the drill's own server is kept from files that aren't its own, and from programs",
        statement="REFRESH MATERIALIZED VIEW ",
        untested=True,
    ),
    Excuse(
        r'permission denied to set the "(?:filename|program)" option of a file_fdw foreign table'
        r"|only superuser or a member of the pg_[a-z_]+ role may specify the (?:filename|program)"
        r" option of a file_fdw foreign table",
        "only a superuser may name files and programs, and in a drill nothing is made by one",
        statement="CREATE FOREIGN TABLE ",
        lack=True,
    ),
)
"""For the drill's own server, which is in a jail."""

MANAGED = (
    *_ANYWHERE,
    Excuse(
        r'permission denied to create extension "[^"]*"',
        "only the provider may create it",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    Excuse(
        r"must be owner of extension [^\n]*",
        "the provider owns the extension; the comment is its author's own",
        statement="COMMENT ON EXTENSION ",
    ),
    Excuse(
        r"permission denied to create event trigger [^\n]*|must be superuser to [^\n]*",
        "only a superuser may have event triggers",
        statement="(?:CREATE|ALTER|COMMENT ON) EVENT TRIGGER ",
        lack=True,
    ),
    Excuse(
        r"must be superuser to create an operator (?:class|family)",
        "only a superuser may define how an index compares",
        statement="CREATE OPERATOR (?:CLASS|FAMILY) ",
        lack=True,
    ),
    Excuse(
        r"permission denied for language [^\n]*",
        "only a superuser may have functions in C",
        statement="CREATE FUNCTION ",
        lack=True,
    ),
    Excuse(
        r"(?:must be superuser|permission denied) to create [^\n]*(?:publication|subscription)"
        r"[^\n]*",
        "replication is not a matter of the restored copy",
        statement="CREATE (?:PUBLICATION|SUBSCRIPTION) ",
        lack=True,
    ),
    Excuse(
        r'must be (?:able to SET ROLE|member of role) "[^\n]*"|permission denied for schema [^\n]*',
        "the role that restores may not give this away, or that role may not have it",
        statement="ALTER [^;]* OWNER TO ",
    ),
    Excuse(
        r"permission denied to change default privileges|must be member of role [^\n]*",
        "what other roles' future objects grant is for these roles to say",
        statement="ALTER DEFAULT PRIVILEGES ",
    ),
    Excuse(
        r"must be owner of schema [^\n]*",
        "the provider owns the schema public",
        statement="(?:COMMENT ON|ALTER) SCHEMA public ",
    ),
    Excuse(
        r'schema "public" already exists',
        "every database is born with it",
        statement="CREATE SCHEMA public;",
    ),
    Excuse(
        r'unrecognized configuration parameter "transaction_timeout"',
        "a setting of a session, which servers before 17 don't know",
        statement="SET transaction_timeout ",
    ),
)
"""For a server that is somebody else's, where the restoring role is no superuser."""

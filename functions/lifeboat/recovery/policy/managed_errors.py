"""The errors of a restore into a provider's server that aren't the backup's fault, with reasons."""

from lifeboat.recovery.policy.tolerated_errors import ANYWHERE, ToleratedError

MANAGED = (
    *ANYWHERE,
    ToleratedError(
        r'permission denied to create extension "[^"]*"',
        "only the provider may create it",
        statement="CREATE EXTENSION ",
        lack=True,
    ),
    ToleratedError(
        r"must be owner of extension [^\n]*",
        "the provider owns the extension; the comment is its author's own",
        statement="COMMENT ON EXTENSION ",
    ),
    ToleratedError(
        r"permission denied to create event trigger [^\n]*|must be superuser to [^\n]*",
        "only a superuser may have event triggers",
        statement="(?:CREATE|ALTER|COMMENT ON) EVENT TRIGGER ",
        lack=True,
    ),
    ToleratedError(
        r"must be superuser to create an operator (?:class|family)",
        "only a superuser may define how an index compares",
        statement="CREATE OPERATOR (?:CLASS|FAMILY) ",
        lack=True,
    ),
    ToleratedError(
        r"permission denied for language [^\n]*",
        "only a superuser may have functions in C",
        statement="CREATE FUNCTION ",
        lack=True,
    ),
    ToleratedError(
        r"(?:must be superuser|permission denied) to create [^\n]*(?:publication|subscription)"
        r"[^\n]*",
        "replication is not a matter of the restored copy",
        statement="CREATE (?:PUBLICATION|SUBSCRIPTION) ",
        lack=True,
    ),
    ToleratedError(
        r'must be (?:able to SET ROLE|member of role) "[^\n]*"|permission denied for schema [^\n]*',
        "the role that restores may not give this away, or that role may not have it",
        statement="ALTER [^;]* OWNER TO ",
    ),
    ToleratedError(
        r'permission denied to set session authorization(?: "[^\n]*")?',
        "the role that restores may not grant what another role had granted",
        statement="SET SESSION AUTHORIZATION |GRANT |REVOKE ",
        untested=True,
    ),
    ToleratedError(
        r"permission denied to change default privileges|must be member of role [^\n]*",
        "what other roles' future objects grant is for these roles to say",
        statement="ALTER DEFAULT PRIVILEGES ",
    ),
    ToleratedError(
        r"must be owner of schema [^\n]*",
        "the provider owns the schema public",
        statement="(?:COMMENT ON|ALTER) SCHEMA public ",
    ),
    ToleratedError(
        r'schema "public" already exists',
        "every database is born with it",
        statement="CREATE SCHEMA public;",
    ),
    ToleratedError(
        r'unrecognized configuration parameter "transaction_timeout"',
        "a setting of a session, which servers before 17 don't know",
        statement="SET transaction_timeout ",
    ),
)
"""For a provider's server, where the restoring role is no superuser."""

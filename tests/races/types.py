"""Types that change, with all that is shown by their names."""

from tests.races.kinds import DOMAIN, ENUM, PAIR, Kind, kind

TYPES: tuple[Kind, ...] = (
    kind(
        "type rename",
        ENUM,
        "ALTER TYPE {s}.mood RENAME TO mood2",
        says="type {s}.mood was renamed",
        back="ALTER TYPE {s}.mood2 RENAME TO mood",
    ),
    kind(
        "type set schema",
        ENUM,
        "ALTER TYPE {s}.mood SET SCHEMA elsewhere",
        says="type {s}.mood was moved to another schema",
        back="ALTER TYPE elsewhere.mood SET SCHEMA {s}",
    ),
    kind(
        "enum label rename",
        ENUM,
        "ALTER TYPE {s}.mood RENAME VALUE 'sad' TO 'unhappy'",
        says='enum label "sad" of {s}.mood was renamed',
        back="ALTER TYPE {s}.mood RENAME VALUE 'unhappy' TO 'sad'",
    ),
    kind(
        "enum labels swapped",
        ENUM,
        "ALTER TYPE {s}.mood RENAME VALUE 'sad' TO 'tmp'",
        "ALTER TYPE {s}.mood RENAME VALUE 'happy' TO 'sad'",
        "ALTER TYPE {s}.mood RENAME VALUE 'tmp' TO 'happy'",
        says='enum label "sad" of {s}.mood was renamed',
    ),
    kind(
        "type there and back",
        ENUM,
        "ALTER TYPE {s}.mood RENAME TO mood2",
        "ALTER TYPE {s}.mood2 RENAME TO mood",
        says="type {s}.mood was changed and changed back",
    ),
    kind(
        "composite add attribute",
        PAIR,
        "ALTER TYPE {s}.pair ADD ATTRIBUTE c int",
        says="type {s}.pair was altered or replaced",
    ),
    kind(
        "composite drop attribute",
        PAIR,
        "ALTER TYPE {s}.pair DROP ATTRIBUTE b",
        says='attribute "b" of {s}.pair was dropped',
    ),
    kind(
        "composite drop and add attribute",
        PAIR,
        "ALTER TYPE {s}.pair DROP ATTRIBUTE b, ADD ATTRIBUTE c text",
        says="type {s}.pair was altered or replaced",
    ),
    kind(
        "composite rename attribute",
        PAIR,
        "ALTER TYPE {s}.pair RENAME ATTRIBUTE b TO bb",
        says='attribute "b" of {s}.pair was renamed',
        back="ALTER TYPE {s}.pair RENAME ATTRIBUTE bb TO b",
    ),
    kind(
        "composite alter attribute",
        (
            "CREATE TYPE {s}.pair AS (a int, b text)",
            "CREATE FUNCTION {s}.f(p {s}.pair) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        "ALTER TYPE {s}.pair ALTER ATTRIBUTE b TYPE varchar(9)",
        says='attribute "b" of {s}.pair was altered or replaced',
    ),
    kind("composite drop", PAIR[:1], "DROP TYPE {s}.pair", says="type {s}.pair was dropped"),
    kind(
        "domain rename",
        DOMAIN,
        "ALTER DOMAIN {s}.posint RENAME TO posint2",
        says="domain {s}.posint was renamed",
        back="ALTER DOMAIN {s}.posint2 RENAME TO posint",
    ),
    kind(
        "domain set schema",
        DOMAIN,
        "ALTER DOMAIN {s}.posint SET SCHEMA elsewhere",
        says="domain {s}.posint was moved to another schema",
    ),
    kind(
        "domain drop constraint",
        DOMAIN,
        "ALTER DOMAIN {s}.posint DROP CONSTRAINT positive",
        says='constraint "positive" of {s}.posint was dropped',
    ),
    kind(
        "domain rename constraint",
        DOMAIN,
        "ALTER DOMAIN {s}.posint RENAME CONSTRAINT positive TO over_zero",
        says='constraint "positive" of {s}.posint was renamed',
        back="ALTER DOMAIN {s}.posint RENAME CONSTRAINT over_zero TO positive",
    ),
    kind(
        "domain set default",
        DOMAIN,
        "ALTER DOMAIN {s}.posint SET DEFAULT 7",
        says="domain {s}.posint was altered or replaced",
    ),
    kind(
        "domain set not null",
        DOMAIN,
        "ALTER DOMAIN {s}.posint SET NOT NULL",
        says="domain {s}.posint was altered or replaced",
    ),
    kind(
        "range rename",
        (
            "CREATE TYPE {s}.span AS RANGE (SUBTYPE = int)",
            "CREATE TABLE {s}.t (x {s}.span)",
            "INSERT INTO {s}.t VALUES ('[1,5)')",
        ),
        "ALTER TYPE {s}.span RENAME TO span2",
        says="type {s}.span was renamed",
        back="ALTER TYPE {s}.span2 RENAME TO span",
    ),
)

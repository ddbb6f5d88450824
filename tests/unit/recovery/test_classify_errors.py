from collections.abc import Collection, Mapping

import pytest

from lifeboat.recovery.policy.classify_errors import Classified, Server, classify
from lifeboat.recovery.policy.managed_errors import MANAGED
from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem, parse
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED, ToleratedError
from lifeboat.recovery.policy.untested import Excuse, Untested
from tests.unit.recovery.test_pg_restore_output import LACKING, SAMPLES

NO_POSTGIS = RestoreProblem(
    'extension "postgis" is not available',
    statement="CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;",
)
PLACES = RestoreProblem(
    'type "public.geometry" does not exist',
    statement="CREATE TABLE public.places (\n    id integer,\n    at public.geometry\n);",
)


def judged(
    *problems: RestoreProblem,
    code: int = 1,
    replaced: Collection[str] = (),
    rules: tuple[ToleratedError, ...] = EMBEDDED,
    members: Mapping[str, tuple[str, ...] | None] | None = None,
) -> Classified:
    output = RestoreOutput(problems, ignored=len(problems))
    return classify(
        output,
        code=code,
        server=Server(replaced_collations=replaced, rules=rules, members=members or {}),
    )


def test_a_restore_without_errors_lacks_nothing() -> None:
    assert judged(code=0) == Classified((), Untested(), (), parallel=None, missing_roles=())


@pytest.mark.parametrize("name", LACKING)
def test_all_that_follows_from_lacking_extensions_is_excused_and_named(name: str) -> None:
    said = classify(parse((SAMPLES / name).read_text()), code=1)
    assert said.fatal == ()
    assert len(said.tolerated) == 123
    untested = said.untested
    assert untested.extensions == (
        *("bloom", "btree_gist", "citext", "cube", "earthdistance"),
        *("fakegis", "pg_trgm", "postgres_fdw", "unaccent"),
    )
    assert untested.tables == {
        ("gis", "srs"),
        ("Odd Schema", 'Odd "Table'),
        *(("s", n) for n in ("places", "child", "ft", "part", "part1", "parted_by_ext")),
        *(("s", n) for n in ("uses_domain", "visits")),
    }
    assert untested.sequences == {("gis", "counter"), ("s", "places_id_seq")}
    assert len(untested.excuses) == 123
    assert all(each.means_lack for each in untested.excuses)
    assert 'CREATE TABLE s.places: type "public.citext" does not exist.' in untested.objects
    assert (
        "CREATE INDEX plain_expr ON s.plain USING btree: function gis.norm(text) does not exist."
        in (untested.objects)
    )
    assert "s.places" in untested.absent
    assert 'Odd Schema.Odd "Table' in untested.absent


def test_nothing_of_it_is_excused_where_nothing_is_lacking() -> None:
    said = judged(PLACES)
    assert said.fatal == ('CREATE TABLE public.places: type "public.geometry" does not exist',)
    assert said.untested == Untested()
    assert judged(NO_POSTGIS, PLACES).fatal == ()


MOOD = RestoreProblem(
    'type "public.mood2" does not exist',
    statement="CREATE TABLE public.t (\n    m public.mood2\n);",
)
NO_T = RestoreProblem(
    'relation "public.t" does not exist', statement="COPY public.t (m) FROM stdin;"
)
POSTGIS = {"postgis": ("public.geometry", "public.st_area", "public.&&", "topology")}


def test_a_lacking_extension_excuses_only_what_it_consists_of_and_what_follows_from_it() -> None:
    index = RestoreProblem(
        'relation "public.places" does not exist',
        statement="CREATE INDEX i ON public.places USING gist (at);",
    )
    attached = RestoreProblem(
        'relation "public.i" does not exist',
        statement="ALTER INDEX public.j ATTACH PARTITION public.i;",
    )
    said = judged(NO_POSTGIS, MOOD, NO_T, attached, PLACES, index, members=POSTGIS)
    assert said.fatal == (
        'CREATE TABLE public.t: type "public.mood2" does not exist',
        'COPY public.t: relation "public.t" does not exist',
    )


@pytest.mark.parametrize(
    "error",
    [
        "function public.st_area(public.geometry) does not exist",
        "operator does not exist: public.geometry public.&& public.geometry",
        "operator does not exist: timestamp with time zone public.&& integer",
        'type "public.geometry[]" does not exist',
        "type public.geometry does not exist",
        'schema "topology" does not exist',
        'extension "postgis" does not exist',
    ],
)
def test_each_kind_of_name_is_known_for_an_extensions(error: str) -> None:
    problem = RestoreProblem(error, statement="COMMENT ON EXTENSION postgis IS 'x';")
    assert judged(NO_POSTGIS, problem, members=POSTGIS).fatal == ()
    assert judged(NO_POSTGIS, problem, members={"postgis": ()}).fatal or "postgis" in error


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("CREATE VIEW s.v AS SELECT", 'relation "s.v"'),
        ("CREATE MATERIALIZED VIEW s.v AS SELECT", 'relation "s.v"'),
        ("ALTER TABLE s.t ALTER COLUMN id ADD (\n    SEQUENCE NAME s.q\n", 'relation "s.q"'),
        ("CREATE FUNCTION s.f(g public.geometry) RETURNS int", "function s.f(public.geometry)"),
        ('CREATE TYPE "Odd S"."T" AS (', 'type "Odd S.T"'),
        ("CREATE OPERATOR s.<+> (", "operator does not exist: public.geometry s.<+> integer"),
        ("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT k PRIMARY KEY (id);", 'relation "s.k"'),
        ("CREATE SERVER far FOREIGN DATA WRAPPER w;", 'server "far"'),
        ("CREATE TEXT SEARCH CONFIGURATION s.c (", 'text search configuration "s.c"'),
    ],
)
def test_what_failed_for_a_lack_is_lacking_itself(statement: str, missing: str) -> None:
    failed = RestoreProblem('type "public.geometry" does not exist', statement=statement)
    error = missing if " does not exist" in missing else f"{missing} does not exist"
    follower = RestoreProblem(error, statement="CREATE RULE r")
    assert judged(NO_POSTGIS, follower, failed, members=POSTGIS).fatal == ()
    assert judged(NO_POSTGIS, follower, members=POSTGIS).fatal


def test_a_stand_in_excuses_only_what_the_real_extension_has() -> None:
    def said(problem: RestoreProblem, known: tuple[str, ...] | None) -> Classified:
        server = Server(stand_ins=("postgis",), members={"postgis": known})
        return classify(RestoreOutput((problem,), ignored=1), code=1, server=server)

    assert said(PLACES, ("public.geometry",)).untested.tables == {("public", "places")}
    assert said(PLACES, ("public.geometry",)).untested.stand_ins == ("postgis",)
    assert said(MOOD, ("public.geometry",)).fatal
    assert said(MOOD, None).fatal


UNREACHABLE = RestoreProblem(
    'could not connect to server "far"', statement="REFRESH MATERIALIZED VIEW public.near;"
)


@pytest.mark.parametrize("rules", [EMBEDDED, MANAGED])
def test_a_view_of_a_server_that_cannot_be_reached_stays_empty_with_those_that_show_it(
    rules: tuple[ToleratedError, ...],
) -> None:
    shows = RestoreProblem(
        'materialized view "near" has not been populated',
        statement="REFRESH MATERIALIZED VIEW public.nearer;",
    )
    said = judged(shows, UNREACHABLE, rules=rules)
    assert (said.fatal, len(said.untested.objects)) == ((), 2)
    assert judged(shows, rules=rules).fatal
    assert judged(UNREACHABLE, MOOD, rules=rules).fatal


@pytest.mark.parametrize("rules", [EMBEDDED, MANAGED])
def test_labels_tablespaces_and_extensions_of_one_database_are_told(
    rules: tuple[ToleratedError, ...],
) -> None:
    label = RestoreProblem(
        'security label provider "anon" is not loaded',
        statement="SECURITY LABEL FOR anon ON COLUMN public.t.email IS 'MASKED';",
    )
    fast = RestoreProblem(
        'could not set "default_tablespace" to fast: ERROR:  invalid value for parameter'
    )
    cron = RestoreProblem(
        "can only create extension in database app",
        statement="CREATE EXTENSION IF NOT EXISTS pg_cron WITH SCHEMA pg_catalog;",
    )
    said = judged(label, fast, fast, cron, rules=rules)
    assert said.fatal == ()
    assert said.untested.extensions == ("pg_cron",)
    assert [each.partition(":")[0] for each in said.untested.objects] == [
        "SECURITY LABEL FOR anon ON COLUMN public.t.email IS"
    ]
    assert len(said.noted) == 1
    assert "in the default one" in said.noted[0]


@pytest.mark.parametrize(
    ("error", "statement"),
    [
        ("permission denied for table users", "COPY public.users (id) FROM stdin;"),
        ('relation "users" already exists', "CREATE TABLE public.users (\n    id integer\n);"),
        # Names without a schema come out of function bodies, which fail in any restore.
        ('relation "users" does not exist', "CREATE INDEX i ON public.t USING btree (f(x));"),
        ('type "geometry" does not exist', "CREATE INDEX i ON public.t USING btree (f(x));"),
        (
            "function st_area(geometry) does not exist",
            "CREATE MATERIALIZED VIEW public.m AS SELECT",
        ),
        ("operator does not exist: text = integer", "CREATE INDEX i ON public.t (f(x));"),
        ('role "ann" does not exist', "ALTER TABLE public.t OWNER TO ann;"),
        ('column "a" does not exist', "CREATE VIEW public.v AS SELECT"),
        ('collation "public.de" for encoding "UTF8" does not exist', "CREATE TABLE public.t ("),
        ('schema "public" already exists', "CREATE SCHEMA public;"),
        ("out of memory", ""),
        ('extension "postgis" does not exist', "CREATE TABLE public.t ("),
        ('trigger "t" for table "u" does not exist', "ALTER TABLE public.u ENABLE TRIGGER t;"),
        ('permission denied to create event trigger "e"', "CREATE EVENT TRIGGER e ON ddl_start"),
    ],
)
def test_even_beside_a_lacking_extension_other_errors_are_fatal(error: str, statement: str) -> None:
    problem = RestoreProblem(error, statement=statement)
    said = judged(NO_POSTGIS, problem)
    assert len(said.fatal) == 1
    assert said.fatal[0].endswith(error)
    assert len(said.tolerated) == 1


@pytest.mark.parametrize(
    "error",
    [
        'collation "german" for encoding "UTF8" already exists',
        'collation "german" already exists',
        "ICU is not supported in this build",
        'could not create locale "de_DE.utf8": No such file or directory',
    ],
)
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE COLLATION s.german (provider = icu, locale = 'de');", "german"),
        ('CREATE COLLATION "S x"."Ger man" (provider = icu, locale = \'de\');', "Ger man"),
    ],
)
def test_a_replaced_collation_may_fail_but_no_other(error: str, statement: str, name: str) -> None:
    problem = RestoreProblem(error, statement=statement)
    said = judged(problem, replaced=("other", name))
    assert said.fatal == ()
    assert said.untested == Untested(
        collations=("other", name), excuses=(Excuse(statement, means_lack=False),)
    )
    assert judged(problem, replaced=("other",)).fatal


def test_a_schema_may_be_there_only_where_a_collation_was_replaced() -> None:
    problem = RestoreProblem('schema "s" already exists', statement="CREATE SCHEMA s;")
    assert judged(problem).fatal == ('CREATE SCHEMA s: schema "s" already exists',)
    said = judged(problem, replaced=("german",))
    assert said.fatal == ()
    assert said.untested.objects == ()


def test_a_library_that_the_server_lacks_is_excused_with_what_needs_it() -> None:
    said = judged(
        RestoreProblem(
            'could not access file "$libdir/ours": No such file or directory',
            statement="CREATE FUNCTION public.f(integer) RETURNS integer\n    LANGUAGE c",
        ),
        RestoreProblem(
            "function public.f(integer) does not exist",
            statement="CREATE INDEX i ON public.t USING btree (public.f(id));",
        ),
    )
    assert said.fatal == ()
    assert len(said.untested.objects) == len(said.untested.excuses) == 2
    assert said.untested.extensions == ()


def test_an_extension_that_needs_a_lacking_one_is_lacking_too() -> None:
    problem = RestoreProblem(
        'required extension "cube" is not installed',
        statement='CREATE EXTENSION IF NOT EXISTS "earth-distance" WITH SCHEMA public;',
    )
    assert judged(problem).untested.extensions == ("earth-distance",)


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        (RestoreOutput((), 0), -9, "pg_restore was killed by signal 9."),
        (RestoreOutput((), 0), 1, "pg_restore ended with 1 before it was done."),
        (
            RestoreOutput((NO_POSTGIS,), 0),
            1,
            "pg_restore ended with 1 before it was done.",
        ),
        (
            RestoreOutput((NO_POSTGIS,), 3),
            1,
            "pg_restore counts 3 errors, and 1 could be read in what it said.",
        ),
        (
            RestoreOutput((NO_POSTGIS,), 0),
            0,
            "pg_restore counts 0 errors, and 1 could be read in what it said.",
        ),
    ],
)
def test_a_restore_that_did_not_come_to_its_end_is_fatal(
    output: RestoreOutput, code: int, words: str
) -> None:
    assert classify(output, code=code).fatal == (words,)


def test_a_pass_that_broke_off_is_fatal_whatever_others_counted() -> None:
    said = classify(RestoreOutput((), 1), code=1, whole=False)
    assert said.fatal == ("pg_restore ended with 1 before it was done.",)


def test_a_deadlock_of_its_own_workers_is_distinguished() -> None:
    problem = RestoreProblem(
        "deadlock detected",
        "DETAIL:  Process 7 waits for AccessExclusiveLock on relation 1; blocked by process 8.",
        "ALTER TABLE public.a\n    ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES public.b(id);",
    )
    said = judged(problem)
    assert said.parallel == "ALTER TABLE public.a ADD CONSTRAINT f FOREIGN KEY: deadlock detected"
    assert said.fatal == (said.parallel,)
    assert judged(PLACES).parallel is None


def test_missing_roles_are_named_once() -> None:
    problems = [
        RestoreProblem(f'role "{name}" does not exist', statement="GRANT SELECT ON TABLE s.t TO x;")
        for name in ("ann", 'odd "one"', "ann")
    ]
    said = judged(*problems)
    assert said.missing_roles == ("ann", 'odd "one"')
    assert len(said.fatal) == 3


def test_what_is_reported_holds_no_rows_and_no_password() -> None:
    said = judged(
        RestoreProblem("x" * 400, 'CONTEXT:  COPY t, line 1: "secret-row"'),
        RestoreProblem(
            'server "fs" does not exist',
            statement="CREATE USER MAPPING FOR ann SERVER fs OPTIONS (\n    password 'hunter2'\n);",
        ),
    )
    assert said.fatal[0] == "x" * 300 + "..."
    assert said.fatal[1].startswith("CREATE USER MAPPING FOR ann SERVER fs OPTIONS: ")
    assert "secret-row" not in repr(said)
    assert "hunter2" not in repr(said)


def test_a_role_that_is_no_superuser_may_not_do_everything() -> None:
    said = classify(
        parse((SAMPLES / "no-superuser-18.txt").read_text()), code=1, server=Server(rules=MANAGED)
    )
    assert said.fatal == (
        "CREATE CAST: must be owner of type public.citext or type integer",
        "COMMENT ON CAST: cast from type public.citext to type integer does not exist",
    )
    assert said.untested.extensions == ("bloom", "earthdistance", "fakegis", "postgres_fdw")
    assert (
        "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION gis.evt: permission denied to"
        ' create event trigger "et".'
    ) in said.untested.objects
    assert not any("OWNER TO" in sentence for sentence in said.untested.objects)
    assert ("s", "plain") not in said.untested.tables


@pytest.mark.parametrize(
    ("error", "statement"),
    [
        ("must be owner of extension pgcrypto", "COMMENT ON EXTENSION pgcrypto IS 'x';"),
        ('must be member of role "ann"', "ALTER TABLE public.t OWNER TO ann;"),
        ("must be owner of schema public", "COMMENT ON SCHEMA public IS 'x';"),
        ('schema "public" already exists', "CREATE SCHEMA public;"),
        (
            'unrecognized configuration parameter "transaction_timeout"',
            "SET transaction_timeout = 0;",
        ),
        (
            "permission denied to change default privileges",
            "ALTER DEFAULT PRIVILEGES FOR ROLE ann IN SCHEMA s GRANT SELECT ON TABLES TO bob;",
        ),
        (
            "must be superuser to create FOR ALL TABLES publication",
            "CREATE PUBLICATION p FOR ALL TABLES;",
        ),
    ],
)
def test_on_somebody_elses_server_this_is_no_harm_and_on_ones_own_it_is(
    error: str, statement: str
) -> None:
    problem = RestoreProblem(error, statement=statement)
    assert judged(problem, rules=MANAGED).fatal == ()
    assert judged(problem).fatal


@pytest.mark.parametrize("rule", MANAGED, ids=lambda rule: rule.why[:40])
def test_each_excuse_says_why_and_none_fits_an_unknown_error(rule: ToleratedError) -> None:
    assert rule.why
    assert rule.match(RestoreProblem("something else", statement="CREATE EXTENSION x;")) is None


def test_a_failed_copy_is_reported_with_its_table_and_without_the_value() -> None:
    said = judged(
        RestoreProblem('invalid byte sequence for encoding "UTF8": 0xe9 0x0a', copied="notes"),
        RestoreProblem('invalid input syntax for type integer: "123-"45"-6789"', copied="people"),
        RestoreProblem('value "123456789012" is out of range for type integer', copied="people"),
        RestoreProblem('"1e400" is out of range for type double precision', copied="people"),
        RestoreProblem('relation "public.x" does not exist', copied="Odd"),
    )
    assert said.fatal == (
        'COPY notes: invalid byte sequence for encoding "UTF8": 0xe9 0x0a',
        'COPY people: invalid input syntax for type integer: "..."',
        'COPY people: value "..." is out of range for type integer',
        'COPY people: "..." is out of range for type double precision',
        'COPY "Odd": relation "public.x" does not exist',
    )


def test_what_a_trigger_raises_cannot_put_lines_into_a_report() -> None:
    hostile = "x\x1b[2J\u202e\rWhat to do: \x85 \u2028 rm"
    (told,) = judged(RestoreProblem(hostile, statement=f'CREATE INDEX "{hostile}" ON t')).fatal
    assert told.isprintable()

import pytest

from lifeboat.recovery.policy.lost_objects import head, lost_objects, makes_something


@pytest.mark.parametrize(
    ("statement", "table", "sequence"),
    [
        ("CREATE TABLE s.t (\n    a integer\n);", ("s", "t"), None),
        ('CREATE FOREIGN TABLE "S.s"."T ""t" (\n);', ("S.s", 'T "t'), None),
        ("COPY s.t (a, b) FROM stdin;", ("s", "t"), None),
        ("CREATE SEQUENCE s.q\n    START WITH 1;", None, ("s", "q")),
        (
            "ALTER TABLE s.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n"
            '    SEQUENCE NAME s."T_id_seq"\n    START WITH 1\n);',
            None,
            ("s", "T_id_seq"),
        ),
        ("SELECT pg_catalog.setval('s.\"it''s\"', 1, true);", None, ("s", "it's")),
        ("CREATE VIEW s.t AS\n SELECT 1;", None, None),
        ("COMMENT ON TABLE s.t IS 'COPY s.t ';", None, None),
    ],
)
def test_tables_and_sequences_are_known_by_their_names(
    statement: str, table: tuple[str, str] | None, sequence: tuple[str, str] | None
) -> None:
    lost = lost_objects([statement])
    assert lost.tables == ({table} if table else set())
    assert lost.sequences == ({sequence} if sequence else set())
    assert lost.extensions == set()


def test_an_extension_is_known_by_its_name() -> None:
    lost = lost_objects(['CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;'])
    assert lost.extensions == {"uuid-ossp"}


@pytest.mark.parametrize(
    ("statement", "makes"),
    [
        ("CREATE TABLE s.t (\n);", True),
        ("ALTER TABLE ONLY s.t ALTER COLUMN a SET DEFAULT ext.f();", True),
        ("ALTER TABLE s.t ENABLE ROW LEVEL SECURITY;", True),
        ("ALTER TABLE s.t OWNER TO ann;", False),
        ("ALTER SEQUENCE s.q OWNED BY s.t.id;", False),
        ("COMMENT ON TABLE s.t IS 'x';", False),
        ("GRANT SELECT ON TABLE s.t TO ann;", False),
        ("COPY s.t (a) FROM stdin;", False),
        ("SELECT pg_catalog.setval('s.q', 1, true);", False),
        ("CREATE EXTENSION IF NOT EXISTS x WITH SCHEMA public;", False),
        ("REFRESH MATERIALIZED VIEW s.m;", False),
    ],
)
def test_what_is_only_said_of_an_object_is_no_loss_of_its_own(statement: str, makes: bool) -> None:  # noqa: FBT001
    assert makes_something(statement) is makes


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE s.t (\n    a integer\n);", "CREATE TABLE s.t"),
        ("CREATE VIEW s.v AS\n SELECT 'secret';", "CREATE VIEW s.v"),
        ("ALTER TABLE s.t\n    OWNER TO ann;", "ALTER TABLE s.t OWNER TO ann"),
        ("COMMENT ON TABLE s.t IS 'secret';", "COMMENT ON TABLE s.t IS"),
        ("CREATE SUBSCRIPTION x CONNECTION 'password=x' PUB", "CREATE SUBSCRIPTION x CONNECTION"),
        ("x" * 101, "x" * 100 + "..."),
    ],
)
def test_a_statement_is_named_without_its_values(statement: str, words: str) -> None:
    assert head(statement) == words

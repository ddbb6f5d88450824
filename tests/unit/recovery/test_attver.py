"""A server's notes on columns go, whatever else looks like them stays."""

import time

import pytest

from lifeboat.recovery.policy.attver import without_attver

TABLE = 'CREATE TABLE public.t (\n    id integer,\n    "a;b" text\n);\n'


def cleared(definition: str) -> str:
    given = definition.encode()
    changed = without_attver(given)
    assert len(changed) == len(given)
    return changed.decode()


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("ALTER TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=219216848);", ""),
        ("ALTER FOREIGN TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=-5);", ""),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=2, n_distinct=5);",
            "ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=5);",
        ),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=-0.5, pg_attver=2);",
            "ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=-0.5);",
        ),
        (
            'ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=1, pg_attver=2, "x"=3);',
            'ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=1, pg_attver=2, "x"=3);',
        ),
        ('ALTER TABLE ONLY "S ""; x"."t.ö" ALTER COLUMN "a;b" SET (pg_attver=2);', ""),
        ("ALTER TABLE ONLY sché.tä ALTER COLUMN ö SET (pg_attver=2);", ""),
    ],
)
def test_the_option_goes_and_others_stay(statement: str, left: str) -> None:
    given, wanted, head = statement.encode(), left.encode(), TABLE.encode()
    assert without_attver(head + given + b"\n") == head + wanted.ljust(len(given)) + b"\n"


LIKE = "ALTER TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=1);"


@pytest.mark.parametrize(
    "definition",
    [
        TABLE,
        f"CREATE TABLE public.t (\n    v text DEFAULT '\n{LIKE}\n'::text\n);\n",
        f"CREATE TABLE public.t (\n    v text DEFAULT 'it''s;\n{LIKE}\n'::text\n);\n",
        f"CREATE TABLE public.t (\n    v text DEFAULT E'\\\\'';\n{LIKE}\n'::text\n);\n",
        f"CREATE TABLE public.t (\n    v text DEFAULT E'\\';\n{LIKE}\n'::text\n);\n",
        f'CREATE TABLE public.t (\n    ";\n{LIKE}\n" integer\n);\n',
        f"CREATE TABLE public.t (\n    v text DEFAULT (';'::text || '\n{LIKE}\n'::text)\n);\n",
        f"CREATE MATERIALIZED VIEW public.v AS\n SELECT '{LIKE}'::text AS a\n  WITH NO DATA;\n",
        f"{TABLE}COMMENT ON TABLE public.t IS ';\n{LIKE}\n';\n",
        f"{TABLE}ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT 'pg_attver=1';\n",
        f"{TABLE}ALTER TABLE ONLY public.t ALTER COLUMN id SET STATISTICS 5; -- pg_attver=1\n",
        f"{TABLE}ALTER TABLE ONLY public.t ALTER COLUMN id OPTIONS (pg_attver '1');\n",
        f"{TABLE}ALTER INDEX public.t ALTER COLUMN id SET (pg_attver=1);\n",
        f"{TABLE}ALTER TABLE ONLY public.t ALTER COLUMN id SET (not_pg_attver=1);\n",
        f"{TABLE}ALTER TABLE ONLY public.t ALTER COLUMN id SET (n_distinct=1); {LIKE[:-1]}",
    ],
)
def test_what_looks_like_it_stays(definition: str) -> None:
    assert cleared(definition) == definition


def test_text_made_to_take_long_does_not() -> None:
    begun = time.perf_counter()
    cleared("'\"e'" * 60_000 + "pg_attver=")
    once = time.perf_counter() - begun
    begun = time.perf_counter()
    cleared("'\"e'" * 240_000 + "pg_attver=")
    assert time.perf_counter() - begun < 16 * max(once, 0.01)

"""Some tables come back: beside the live database, or into it, in one transaction."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lifeboat.errors import RefusedError, StatementError, VerificationError
from lifeboat.restore import load_tables
from lifeboat.runtime.timeouts import set_testing
from tests.support.backup_harness import MAJORS, TARGET_ARN, Database, assert_no_children
from tests.support.proxy import Proxy
from tests.support.restore_harness import RestoreHarness, databases, refused

#: Keys in both directions, identity, partitions, row security, triggers of three kinds, a sequence
#: that nobody owns, an inheritance tree, a type and a function that only one table needs.
SHOP = (
    "CREATE TYPE state AS ENUM ('open', 'paid')",
    "CREATE FUNCTION is_fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
    "CREATE SEQUENCE numbers START 500",
    "CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " name text CHECK (is_fine(name)), kind varchar CHECK (kind IN ('a', 'b')), favourite bigint)",
    "CREATE TABLE orders (id serial PRIMARY KEY, customer bigint NOT NULL REFERENCES customers"
    " ON DELETE CASCADE, state state DEFAULT 'open', number int DEFAULT nextval('numbers'),"
    " total numeric GENERATED ALWAYS AS (1.5) STORED)",
    "COMMENT ON CONSTRAINT orders_customer_fkey ON orders IS 'who ordered'",
    "ALTER TABLE customers ADD FOREIGN KEY (favourite) REFERENCES orders ON DELETE SET NULL",
    "CREATE INDEX orders_state ON orders (state) WHERE state = 'open'",
    "CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-07-01')",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-07-01') TO ('2027-01-01')",
    "CREATE INDEX events_at ON events (at)",
    "CREATE TABLE log (entry text)",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN INSERT INTO public.log VALUES (TG_NAME); RETURN NEW; END$$",
    "CREATE TRIGGER a AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE TRIGGER b AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE TRIGGER c AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()",
    "ALTER TABLE orders DISABLE TRIGGER b, ENABLE ALWAYS TRIGGER c",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON orders USING (customer = 1)",
    'CREATE TABLE "odd  Name" (id int PRIMARY KEY, "a ""column" text)',
    "CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'open'",
    "INSERT INTO customers (name) SELECT 'c' || i FROM generate_series(1, 50) i",
    "INSERT INTO orders (customer) SELECT 1 + i % 50 FROM generate_series(1, 300) i",
    "UPDATE customers SET favourite = id",
    "INSERT INTO events SELECT i, date '2026-01-01' + i FROM generate_series(0, 300) i",
    "INSERT INTO \"odd  Name\" VALUES (1, E'tab\\tline\\n\\\\.\\n'), (2, NULL), (3, '')",
    "TRUNCATE log",
)


@pytest.fixture
def shop(restores: RestoreHarness) -> RestoreHarness:
    restores.live.run(*SHOP)
    restores.backups.take()
    return restores


def load(restores: RestoreHarness, *tables: str, **keys: Any) -> dict[str, Any]:
    return restores.ask(
        action="restore-tables", tables=list(tables), data_only=True, execute=True, **keys
    )


def shape(database: Database) -> Any:
    """Constraints, triggers with their states, and comments of the database."""
    return database.value(
        "SELECT json_build_array("
        " (SELECT json_agg(json_build_array(conname, conrelid::regclass::text,"
        "   pg_get_constraintdef(oid), obj_description(oid)) ORDER BY conname, conrelid)"
        "  FROM pg_constraint WHERE connamespace = 'public'::regnamespace),"
        " (SELECT json_agg(json_build_array(tgname, tgenabled) ORDER BY tgname)"
        "  FROM pg_trigger WHERE NOT tgisinternal))"
    )


def test_the_tables_of_a_backup_are_listed_with_their_rows(shop: RestoreHarness) -> None:
    tables = shop.ask(action="tables")["tables"]
    assert {"table": "public.orders", "rows": 300, "data_excluded": False} in tables
    assert {"table": 'public."odd  Name"', "rows": 3, "data_excluded": False} in tables


@pytest.mark.parametrize("major", [MAJORS[0], MAJORS[-1]])
def test_chosen_tables_come_back_in_a_database_of_their_own(
    major: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    live = restores.backups.database = new_database(major)
    live.run(*SHOP)
    restores.backups.take()
    event = {"action": "restore-tables", "tables": ["public.orders", "public.events"]}
    plan = restores.ask(event)
    assert databases(live) == {live.name}
    answer = restores.ask(plan["next_event"])
    copy = restores.copy(answer)
    assert answer["verdict"] == "proven", answer["reasons"]
    assert answer["next_event"] is None
    names = copy.value(
        "SELECT array_agg(relname::text ORDER BY relname) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')"
    )
    assert names == [
        *("events", "events_1", "events_2", "numbers", "orders", "orders_id_seq"),
    ]
    assert copy.value("SELECT count(*) FROM events") == 301
    assert copy.value("SELECT count(*) FROM pg_indexes WHERE tablename ~ 'orders|events'") == 5
    assert copy.value("SELECT nextval('orders_id_seq')") == 301
    assert copy.value("SELECT count(*) FROM pg_policy") == 1
    assert copy.value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 3
    assert any("orders_customer_fkey" in note for note in answer["notes"])
    assert restores.ask(action="swap", restored_database=copy.name)["blockers"] == [
        f"{copy.name} holds some tables only; it can't take a database's place."
    ]
    assert_no_children()


def test_a_table_that_needs_an_extension_comes_back_with_it(restores: RestoreHarness) -> None:
    """CREATE EXTENSION makes a comment that is not among the entries of the table."""
    restores.live.run("CREATE EXTENSION citext", "CREATE TABLE people (mail citext PRIMARY KEY)")
    restores.live.run("INSERT INTO people VALUES ('A@example.com')")
    restores.backups.take()
    answer = restores.ask(action="restore-tables", tables=["public.people"], execute=True)
    assert answer["verdict"] == "proven", answer["reasons"]
    assert restores.copy(answer).value("SELECT mail = 'a@EXAMPLE.com' FROM people") is True


def test_an_extension_whose_comment_was_removed_is_no_difference(restores: RestoreHarness) -> None:
    restores.live.run("CREATE EXTENSION citext", "COMMENT ON EXTENSION citext IS NULL")
    restores.backups.take()
    answer = restores.ask(action="restore", execute=True)
    assert answer["verdict"] == "proven", answer["reasons"]


def test_tables_with_keys_in_both_directions_come_back_together(shop: RestoreHarness) -> None:
    answer = shop.ask(
        action="restore-tables",
        tables=["public.orders", "public.customers", 'public."odd  Name"'],
        execute=True,
    )
    copy = shop.copy(answer)
    assert answer["verdict"] == "proven", answer["reasons"]
    assert answer["notes"] == []
    assert copy.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == 2
    assert copy.value('SELECT "a ""column" FROM "odd  Name" WHERE id = 1') == "tab\tline\n\\.\n"


def test_a_partition_comes_back_without_the_table_that_it_is_of(shop: RestoreHarness) -> None:
    answer = shop.ask(action="restore-tables", tables=["public.events_2"], execute=True)
    assert shop.copy(answer).value("SELECT count(*) FROM events_2") == 120
    assert answer["verdict"] == "proven", answer["reasons"]


def test_a_table_that_the_backup_does_not_have_is_refused(shop: RestoreHarness) -> None:
    event = {"action": "restore-tables", "tables": ["public.open_orders", "x.y"]}
    assert any("lists no rows of public.open_orders, x.y" in e for e in shop.ask(event)["warnings"])
    error = refused(lambda: shop.ask(event, execute=True))
    assert isinstance(error, RefusedError)
    assert "has no table public.open_orders, x.y" in error.what
    assert databases(shop.live) == {shop.live.name}


def test_lost_rows_come_back_into_the_live_tables(shop: RestoreHarness) -> None:
    """With all that hangs on them as it was, and what came later in other tables untouched."""
    live = shop.live
    whole, before = live.inventory(), shape(live)
    live.run("DELETE FROM customers", "INSERT INTO log VALUES ('since then')")
    answer = load(shop, "public.customers", "public.orders")
    assert {each["table"]: each["rows_after"] for each in answer["tables"]} == {
        "public.customers": 50,
        "public.orders": 300,
    }
    assert live.value("SELECT array_agg(entry) FROM log") == ["since then"]
    live.run("TRUNCATE log")
    assert live.inventory() == whole
    assert shape(live) == before


def test_rows_that_were_not_read_to_their_end_are_not_kept(
    shop: RestoreHarness, failing_reader: Callable[[RestoreHarness], None]
) -> None:
    shop.live.run("TRUNCATE events")
    failing_reader(shop)
    error = refused(lambda: load(shop, "public.events_1"))
    assert "(1): no luck" in error.what
    assert shop.live.value("SELECT count(*) FROM events") == 0


@pytest.mark.parametrize(
    ("table", "count"),
    [("public.orders", "300 rows claimed, 299"), ("public.events", "181 rows claimed, 180")],
)
def test_rows_are_counted_before_they_are_kept(
    table: str, count: str, shop: RestoreHarness, forgetful_reader: Callable[[RestoreHarness], None]
) -> None:
    """Of a partitioned table, too: those of each partition."""
    live = shop.live
    live.run("DELETE FROM orders WHERE id > 7", "DELETE FROM events WHERE id > 7")
    whole = live.inventory()
    forgetful_reader(shop)
    error = refused(lambda: load(shop, table, replace=True, confirm=live.name))
    assert isinstance(error, VerificationError)
    assert count in error.what
    assert "undone as a whole" in error.safe
    assert live.inventory() == whole


def test_a_table_that_others_inherit_from_comes_back_without_theirs(
    restores: RestoreHarness,
) -> None:
    live = restores.live
    live.run(
        "CREATE TABLE parent (id int)",
        "CREATE TABLE heir () INHERITS (parent)",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO heir VALUES (2), (3)",
    )
    restores.backups.take()
    live.run("INSERT INTO heir VALUES (4)", "INSERT INTO parent VALUES (5), (6)")
    answer = load(restores, "public.parent", replace=True, confirm=live.name)
    assert answer["tables"] == [{"table": "public.parent", "rows_before": 3, "rows_after": 1}]
    assert live.value("SELECT array_agg(id) FROM heir") == [2, 3, 4]
    live.run("DELETE FROM ONLY parent")
    answer = load(restores, "public.parent")
    assert answer["tables"] == [{"table": "public.parent", "rows_before": 0, "rows_after": 1}]
    answer = load(restores, "public.heir", replace=True, confirm=live.name)
    assert answer["tables"] == [{"table": "public.heir", "rows_before": 3, "rows_after": 2}]
    assert live.value("SELECT array_agg(id) FROM ONLY parent") == [1]


def test_disabled_triggers_of_keys_stay_disabled_and_the_plan_says_so(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("ALTER TABLE orders DISABLE TRIGGER ALL", "INSERT INTO orders (customer) VALUES (77)")
    states = (
        "SELECT array_agg(tgenabled || tgtype ORDER BY tgtype, tgrelid, tgenabled) FROM pg_trigger"
    )
    before, shaped = live.value(states), shape(live)
    event = {"action": "restore-tables", "tables": ["public.orders"], "data_only": True}
    plan = shop.ask(event, replace=True)
    assert any("disabled. They stay so" in each for each in plan["warnings"])
    answer = shop.ask(plan["next_event"])
    assert answer["tables"] == [{"table": "public.orders", "rows_before": 301, "rows_after": 300}]
    assert (live.value(states), shape(live)) == (before, shaped)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("ALTER TABLE people ADD CONSTRAINT short CHECK (length(ssn) < 5)", "check constraint"),
        ("ALTER TABLE people ALTER ssn TYPE int USING 0", "type integer"),
        ("ALTER TABLE people ALTER ssn TYPE varchar(3)", "too long"),
        ("CREATE UNIQUE INDEX once ON people (length(ssn))", 'unique constraint "once"'),
        ("ALTER TABLE people ADD FOREIGN KEY (ssn) REFERENCES known", "foreign key"),
    ],
)
def test_an_error_names_the_table_and_no_value_of_a_row(
    statement: str, says: str, restores: RestoreHarness, caplog: pytest.LogCaptureFixture
) -> None:
    live = restores.live
    live.run(
        "CREATE TABLE known (ssn text PRIMARY KEY)",
        "CREATE TABLE people (id int, ssn text)",
        "INSERT INTO people VALUES (7, '123-45-6789'), (8, '123-45-6780')",
    )
    restores.backups.take()
    live.run("TRUNCATE people", statement)
    error = refused(lambda: load(restores, "public.people"))
    assert says in str(error)
    assert "people" in str(error)
    assert "123-45" not in str(error) + caplog.text


def test_rows_that_are_there_are_replaced_only_when_confirmed(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("DELETE FROM orders WHERE id > 10", "INSERT INTO orders (customer) VALUES (1)")
    error = refused(lambda: load(shop, "public.orders"))
    assert isinstance(error, RefusedError)
    assert "Not empty: public.orders (11 rows)" in error.what
    error = refused(lambda: load(shop, "public.orders", replace=True))
    assert f'"confirm": "{live.name}"' in error.todo
    assert live.value("SELECT count(*) FROM orders") == 11
    plan = shop.ask(action="restore-tables", tables=["public.orders"], data_only=True, replace=True)
    assert plan["next_event"]["confirm"] == live.name
    assert any("Take off 2 foreign keys" in each for each in plan["steps"])
    assert any("Triggers don't fire" in each for each in plan["warnings"])
    answer = shop.ask(plan["next_event"])
    assert answer["tables"] == [{"table": "public.orders", "rows_before": 11, "rows_after": 300}]
    assert live.value("SELECT count(*) FROM customers WHERE favourite IS NOT NULL") == 10
    # The sequence has been further than in the backup, and stays there.
    assert answer["sequences_raised"] == []
    assert live.value("SELECT nextval('orders_id_seq')") == 302


def test_rows_that_no_longer_fit_change_nothing(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("DELETE FROM orders", "DELETE FROM customers WHERE id > 25")
    before, rows = shape(live), live.inventory()
    error = refused(lambda: load(shop, "public.orders"))
    assert isinstance(error, VerificationError)
    assert "orders_customer_fkey" in error.what
    assert "undone as a whole" in error.safe
    assert (shape(live), live.inventory()) == (before, rows)


def test_a_table_that_has_lost_a_column_changes_nothing(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("TRUNCATE events")
    live.run('TRUNCATE "odd  Name"', 'ALTER TABLE "odd  Name" DROP COLUMN "a ""column"')
    error = refused(lambda: load(shop, 'public."odd  Name"', "public.events"))
    assert isinstance(error, StatementError)
    assert "does not exist" in error.what
    assert live.value("SELECT count(*) FROM events") == 0


def test_partitions_are_loaded_through_their_table(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("TRUNCATE events")
    answer = load(shop, "public.events")
    assert answer["tables"] == [{"table": "public.events", "rows_before": 0, "rows_after": 301}]
    assert live.value("SELECT count(*) FROM events_2") == 120


def test_a_table_in_use_is_waited_for_only_so_long(shop: RestoreHarness) -> None:
    live = shop.live
    live.run("TRUNCATE events")
    with live.connect() as user, user.transaction():
        user.execute("SELECT * FROM events")
        with set_testing(load_lock_seconds=0.3):
            error = refused(lambda: load(shop, "public.events"))
    assert "lock timeout" in error.what
    assert live.value("SELECT count(*) FROM events") == 0


def test_rows_that_were_loaded_are_not_called_undone_when_their_sequences_fail(
    shop: RestoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("connection lost")

    shop.live.run("TRUNCATE events")
    monkeypatch.setattr(load_tables, "_raise_sequences", lost)
    error = refused(lambda: load(shop, "public.events"))
    assert isinstance(error, StatementError)
    assert "the rows were loaded" in error.safe
    assert shop.live.value("SELECT count(*) FROM events") > 0


@pytest.fixture
def proxy(shop: RestoreHarness) -> Iterator[Proxy]:
    """The way to the server of the live database, for loads with `target=TARGET_ARN`."""
    server = shop.live.server
    with Proxy("127.0.0.1", server.port) as proxy:
        shop.secrets[TARGET_ARN] = shop.live.url.replace(f":{server.port}/", f":{proxy.port}/")
        shop.settings["target_secret_arns"] = [TARGET_ARN]
        yield proxy
        assert proxy.has_lost


def load_orders(shop: RestoreHarness) -> dict[str, Any]:
    return load(shop, "public.orders", replace=True, confirm=shop.live.name, target=TARGET_ARN)


def test_a_load_whose_commit_is_not_answered_was_done_if_the_server_says_so(
    shop: RestoreHarness, proxy: Proxy
) -> None:
    live = shop.live
    live.run("DELETE FROM orders WHERE id > 7", "ALTER SEQUENCE orders_id_seq RESTART 8")
    proxy.lose_answer(b"COMMIT")
    answer = load_orders(shop)
    assert answer["changed"]
    assert answer["tables"] == [{"table": "public.orders", "rows_before": 7, "rows_after": 300}]
    assert live.value("SELECT count(*) FROM orders") == 300
    assert answer["sequences_raised"] == [{"sequence": "public.orders_id_seq", "last_value": 300}]
    assert live.value("SELECT nextval('orders_id_seq')") == 301


def test_a_load_whose_commit_never_arrives_was_undone(shop: RestoreHarness, proxy: Proxy) -> None:
    live = shop.live
    live.run("DELETE FROM orders WHERE id > 7")
    before = shape(live), live.inventory()
    proxy.lose_answer(b"COMMIT", delivered=False)
    error = refused(lambda: load_orders(shop))
    assert isinstance(error, StatementError)
    assert error.safe == "Nothing was changed: the transaction was undone as a whole."
    assert (shape(live), live.inventory()) == before


@pytest.mark.parametrize("delivered", [True, False])
def test_a_load_whose_commit_nobody_can_ask_for_is_called_neither_done_nor_undone(
    shop: RestoreHarness, proxy: Proxy, *, delivered: bool
) -> None:
    live = shop.live
    live.run("DELETE FROM orders WHERE id > 7")
    proxy.lose_answer(b"COMMIT", delivered=delivered)
    proxy.lose_answer(b"pg_xact_status", delivered=False)
    error = refused(lambda: load_orders(shop))
    assert isinstance(error, StatementError)
    assert "not known" in error.safe
    assert "live database" not in error.safe
    assert "without `execute`" in error.todo
    assert live.value("SELECT count(*) FROM orders") == (300 if delivered else 7)

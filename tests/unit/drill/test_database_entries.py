"""What an archive says of the database itself is compared with a copy that has another name."""

from lifeboat.drill.policy.database_entries import differing_properties
from lifeboat.recovery.policy.entry import Entry

PROPERTIES = (
    "ALTER DATABASE {0} CONNECTION LIMIT = 7;\n"
    "ALTER DATABASE {0} SET search_path TO 'app', 'public';\n"
    "ALTER DATABASE {0} SET \"app.key\" TO 'sesame';\n"
    "ALTER ROLE web IN DATABASE {0} SET work_mem TO '8MB';\n"
)
RIGHTS = "REVOKE CONNECT ON DATABASE {0} FROM PUBLIC;\nGRANT CONNECT ON DATABASE {0} TO web;\n"


def entries(
    name: str,
    *,
    owner: str = "shop",
    properties: str = PROPERTIES,
    rights: str = RIGHTS,
    comment: str | None = None,
) -> list[Entry]:
    said = [
        ("DATABASE", name, "CREATE DATABASE {0} WITH TEMPLATE = template0 ENCODING = 'UTF8';\n"),
        ("DATABASE PROPERTIES", name, properties),
        ("ACL", f"DATABASE {name}", rights),
        ("ACL", "TABLE t", "GRANT SELECT ON TABLE public.t TO web;\n"),
    ]
    if comment:
        said.append(("COMMENT", f"DATABASE {name}", "COMMENT ON DATABASE {0} IS " + comment))
    return [
        Entry(number=i, kind=kind, tag=tag, owner=owner, definition=text.format(name))
        for i, (kind, tag, text) in enumerate(said)
    ]


def test_a_copy_differs_by_its_name_only() -> None:
    for name in ("app", '"order"', '"my DATABASE app"'):
        assert differing_properties(entries(name), entries("copy")) == ()


def test_the_order_of_statements_and_a_comment_of_the_drill_are_no_difference() -> None:
    lines = PROPERTIES.splitlines(keepends=True)
    copy = entries("copy", properties="".join(reversed(lines)), comment="'a drill';\n")
    assert differing_properties(entries("app"), copy) == ()


def test_each_difference_is_named_without_values() -> None:
    copy = entries(
        "copy",
        owner="postgres",
        properties=PROPERTIES.replace("sesame", "open").replace(" = 7", " = 8"),
        rights=RIGHTS.splitlines()[0] + "\n",
        comment="'a drill';\n",
    )
    assert differing_properties(entries("app", comment="'the shop';\n"), copy) == (
        "GRANT CONNECT ON DATABASE TO web did not come back.",
        "COMMENT ON DATABASE did not come back.",
        "OWNER TO shop did not come back.",
        "ALTER DATABASE CONNECTION LIMIT did not come back.",
        'ALTER DATABASE SET "app.key" did not come back.',
        "COMMENT ON DATABASE came back; the backup has none.",
        "OWNER TO postgres came back; the backup has none.",
        "ALTER DATABASE CONNECTION LIMIT came back; the backup has none.",
        'ALTER DATABASE SET "app.key" came back; the backup has none.',
    )

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.errors import EndpointError, LifeboatError, SecretError
from lifeboat.postgres.endpoint import VARIABLES, Endpoint, parse_secret
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.postgres.secret_parser import read_secret_text
from tests.support.samples import JSON

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NEON = "ep-cool-darkness-a1b2c3d4{}.us-east-2.aws.neon.tech"
PASSWORDS = st.text(min_size=4, max_size=40).filter(lambda text: "\x00" not in text)
HOSTS = st.sampled_from(["db.example.com", "10.0.0.7", "[2001:db8::7]", "localhost", "%2Frun%2Fpg"])


def url(host: str = "db.example.com:5432", query: str = "", password: str = "s3cret") -> str:
    return f"postgresql://lifeboat:{quote(password, safe='')}@{host}/app{query and '?' + query}"


def rds(**changes: object) -> str:
    form: dict[str, object] = {
        "engine": "postgres",
        "host": "db.example.com",
        "port": 5433,
        "username": "lifeboat",
        "password": "s3cret",
        "dbname": "app",
    }
    return json.dumps({key: value for key, value in (form | changes).items() if value is not ...})


@given(PASSWORDS, HOSTS)
def test_any_password_survives_all_three_forms_and_no_repr_shows_it(
    password: str, host: str
) -> None:
    plain = url(host, password=password)
    for secret in (
        plain,
        f"  {plain}\n",
        json.dumps({"url": plain, "ca": PEM}),
        rds(password=password),
        rds(password=password, ca=PEM, masterarn="arn:aws:..."),
    ):
        endpoint = parse_secret(secret)
        assert endpoint.password == password
        assert endpoint.environment(ca_file="/tmp/ca")["PGPASSWORD"] == password  # noqa: S108
        assert endpoint.conninfo(ca_file="/tmp/ca")["password"] == password  # noqa: S108
        assert "keywords" not in repr(read_secret_text(secret))
        other = replace(endpoint, password="another one")
        assert (repr(endpoint), endpoint.shown) == (repr(other), other.shown)


MISTAKES: list[Callable[[str], str]] = [
    lambda raw: f"mysql://u:{quote(raw, safe='')}@h/d",
    lambda raw: f"user=u password='{raw}' host=h",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h/d?sslmod=require",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h/d?sslmode=sometimes",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h/d?sslmode=disable",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h/d?pgbouncer=true",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h:99999/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h:port/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h1,h2/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}%zz@h/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}%ff@h/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}%00@h/d",
    lambda raw: f"postgres://u:{quote(raw, safe='')}@h/d?sslrootcert=/etc/ca.pem",
    lambda raw: f"postgres:///d?host=/run&user=u&password={quote(raw, safe='&')}&also=1",
    lambda raw: f"postgres://h/d?no_{quote(raw, safe='')}=1",
    lambda raw: f"postgres://u:/{raw}@h/d",
    lambda raw: f"postgres://u:@{raw}@h/d",
    lambda raw: f"postgres://u: {raw}@h/d",
    lambda raw: raw and f"{{{raw}",
    lambda raw: json.dumps({"DATABASE_URL": f"postgres://u:{raw}@h/d"}),
    lambda raw: json.dumps({"url": [raw]}),
    lambda raw: json.dumps({"url": f"mysql://u:{raw}@h/d"}),
    lambda raw: json.dumps({"url": "postgres://u:p@h/d", "ca": raw}),
    lambda raw: rds(password=raw, dbname=...),
    lambda raw: rds(password=raw, host=...),
    lambda raw: rds(password=raw, username=...),
    lambda raw: rds(password=raw, port=True),
    lambda raw: rds(password=raw, engine="mysql"),
    lambda raw: rds(password={"is": raw}),
    lambda raw: rds(password=f"{raw}\x00"),
    lambda raw: rds(password=f"{raw}\ud800"),
    lambda raw: url("aws-0-eu.pooler.supabase.com:6543", password=raw),
]


def refusal(secret: str) -> LifeboatError:
    with pytest.raises((SecretError, EndpointError)) as raised:
        check_endpoint(parse_secret(secret))
    return raised.value


@pytest.mark.parametrize("mistake", MISTAKES)
@settings(max_examples=20)
@given(password=PASSWORDS, other=PASSWORDS)
def test_what_a_refusal_says_does_not_depend_on_the_password(
    mistake: Callable[[str], str], password: str, other: str
) -> None:
    error = refusal(mistake(password))
    assert str(error) == str(refusal(mistake(other)))
    assert error.__context__ is None  # a parser's own exception would hold the text
    assert error.__cause__ is None


@given(st.text() | st.text().map(lambda rest: f"postgres://{rest}") | JSON.map(json.dumps))
def test_no_text_gives_another_exception(text: str) -> None:
    try:
        parse_secret(text)
    except (SecretError, EndpointError) as error:
        assert error.todo  # noqa: PT017 - both outcomes are right; any other error is not


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "neither a postgresql:// URL nor"),
        ("postgresql+psycopg://u:p@h/d", "neither a postgresql:// URL nor"),
        ('"postgresql://u:p@h/d"', "neither a postgresql:// URL nor"),
        ("{", "not a JSON object"),
        ('{"a":' * 20_000, "not a JSON object"),
        (json.dumps({"username": "u", "password": "p"}), "lacks `host` and `dbname`"),
        (rds(dbname=...), "names no database"),
        (rds(dbname=""), "names no database"),
        (rds(username=...), "names no user name"),
        (rds(password=...), "neither `url` nor `password`"),
        (rds(port="5432.0"), "port is not a number"),
        (rds(port=0), "port is not a number"),
        (rds(port=65536), "port is not a number"),
        (rds(port="٥٤٣٢"), "port is not a number"),
        (rds(host=7), "`host` is not a string"),
        (rds(engine="mariadb"), "`engine` is not postgres"),
        (rds(ca=f"{PEM}\x00"), "a NUL or half a character"),
        (rds(ca="MIIB"), "`ca` is not a PEM certificate"),
        (rds(sslmode="REQUIRE"), "sslmode is none of disable, allow"),
        (url(query="search=public"), "has the parameter 'search', which Lifeboat does not know"),
        (url(query="sslmode=require&hostaddr=10.0.0.1"), "has the parameter 'hostaddr'"),
        ("postgres:///d?user=u&password=pa&ss=w", "password among the parameters"),
        ("postgres:///d?word=1", "has a parameter, which Lifeboat does not know"),
        (url("h1,h2"), "several hosts"),
        (url("h:1,h:2"), "several hosts"),
        ("postgresql://lifeboat:p@h/", "names no database"),
        ("postgresql://h/app", "names no user name"),
        (url(query="sslrootcert=/etc/ssl/ca.pem"), "sslrootcert can only be"),
        (json.dumps({"url": url(query="sslrootcert=system"), "ca": PEM}), "only without `ca`"),
        (url(query="options=-c a=b"), "must be percent-encoded"),
        (url(query="options=a=b"), "libpq cannot read"),
        ("postgresql://u:p@ss@h/d", "must be percent-encoded"),
        ("postgresql://u:p/ss@h/d", "must be percent-encoded"),
        ("postgresql://u:100%@h/d", "libpq cannot read"),
    ],
)
def test_a_secret_that_makes_no_sense_is_reported_with_what_is_wrong(
    secret: str, words: str
) -> None:
    with pytest.raises(SecretError) as error:
        parse_secret(secret)
    assert words in error.value.what


def test_a_url_is_read_as_libpq_reads_it() -> None:
    endpoint = parse_secret(
        "postgres://o%40dd:p%3A%2F%40?#@db.example.com:6000/my%20db"
        "?sslmode=require&channel_binding=require&options=-c%20jit%3Doff&connect_timeout=3"
    )
    assert endpoint == Endpoint(
        host="db.example.com",
        port=6000,
        user="o@dd",
        password="p:/@?#",
        database="my db",
        sslmode="require",
        parameters=(("channel_binding", "require"), ("options", "-c jit=off")),
    )
    assert parse_secret(url("[::1]")).host == "::1"
    assert parse_secret(url("db.example.com")).port == 5432
    assert parse_secret("postgresql://u@/d?host=/run/pg&port=6").host == "/run/pg"
    assert parse_secret("postgresql://u@/d?host=/run/pg").password is None
    assert parse_secret(url(query="ssl=true")).sslmode == "require"


@pytest.mark.parametrize(
    "host", ["db.example.com", "10.0.0.7", "localhost.example.com", "127.evil"]
)
@pytest.mark.parametrize(
    ("stated", "alone", "with_ca"),
    [
        ("", "require", "verify-full"),
        ("sslmode=allow", "require", "verify-full"),
        ("sslmode=prefer", "require", "verify-full"),
        ("sslmode=require", "require", "verify-full"),
        # without a file of its own, libpq could only fail: so the system's certificates it is
        ("sslmode=verify-ca", "verify-full", "verify-ca"),
        ("sslmode=verify-full", "verify-full", "verify-full"),
    ],
)
def test_nothing_travels_to_a_remote_host_in_plain_text(
    host: str, stated: str, alone: str, with_ca: str
) -> None:
    without = parse_secret(url(host, stated))
    assert not without.is_local
    assert without.sslmode == alone
    assert without.system_ca == stated.startswith("sslmode=verify")
    verified = parse_secret(json.dumps({"url": url(host, stated), "ca": PEM}))
    assert verified.sslmode == with_ca
    assert not verified.system_ca


def test_plain_text_to_a_remote_host_is_refused() -> None:
    with pytest.raises(EndpointError, match="plain text"):
        parse_secret(url(query="sslmode=disable"))
    with pytest.raises(EndpointError, match="plain text"):
        parse_secret(rds(sslmode="disable"))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "%2Frun", "%40abstract"]
)
def test_a_socket_and_loopback_keep_what_is_stated(host: str) -> None:
    assert parse_secret(url(host)).is_local
    assert parse_secret(url(host)).sslmode == "prefer"
    assert parse_secret(url(host, "sslmode=disable")).sslmode == "disable"
    assert parse_secret(json.dumps({"url": url(host), "ca": PEM})).sslmode == "verify-full"


def test_the_systems_certificates_verify_the_host_too() -> None:
    endpoint = parse_secret(url(query="sslrootcert=system&sslmode=require"))
    assert endpoint.sslmode == "verify-full"
    assert endpoint.conninfo()["sslrootcert"] == "system"
    assert endpoint.conninfo(ca_file="/etc/bundle.crt")["sslrootcert"] == "/etc/bundle.crt"


def test_libpq_gets_everything_through_variables_of_its_own() -> None:
    endpoint = parse_secret(json.dumps({"url": url(query="options=-cjit%3Doff"), "ca": PEM}))
    assert endpoint.environment(ca_file="/tmp/ca.pem") == {  # noqa: S108
        "PGHOST": "db.example.com",
        "PGPORT": "5432",
        "PGUSER": "lifeboat",
        "PGPASSWORD": "s3cret",
        "PGDATABASE": "app",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/tmp/ca.pem",  # noqa: S108
        "PGOPTIONS": "-cjit=off",
        "PGAPPNAME": "lifeboat",
        "PGGSSENCMODE": "disable",
        "PGCONNECT_TIMEOUT": "10",
    }
    libpq = {each.keyword.decode(): each.envvar for each in psycopg.pq.Conninfo.get_defaults()}
    for keyword, variable in VARIABLES.items():
        assert libpq[keyword] == variable.encode()


def test_psycopg_takes_the_same_words() -> None:
    endpoint = parse_secret(url(query="channel_binding=prefer"))
    text = psycopg.conninfo.make_conninfo(**endpoint.conninfo())
    assert "channel_binding=prefer" in text
    assert "sslmode=require" in text
    assert "password" not in parse_secret("postgresql://u@/d?host=/run").conninfo()


def test_the_form_that_rds_keeps_has_its_defaults() -> None:
    endpoint = parse_secret(rds(port=..., engine=..., dbInstanceIdentifier="main"))
    assert endpoint.port == 5432
    assert endpoint == parse_secret(rds(port=5432, engine="aurora-postgresql"))


@pytest.mark.parametrize("query", ["pgbouncer=true", "sslmode=require&pgbouncer=true"])
def test_a_url_that_says_it_is_pooled_is_refused(query: str) -> None:
    with pytest.raises(EndpointError, match="marks a pooled connection"):
        parse_secret(url(query=query))


@pytest.mark.parametrize("port", [1, "1", 5432, 65535, "65535"])
def test_every_port_that_exists_is_taken(port: object) -> None:
    assert parse_secret(rds(port=port)).port == int(str(port))


def test_certificates_do_not_clutter_what_is_shown() -> None:
    assert "CERTIFICATE" not in repr(parse_secret(rds(ca=PEM)))


def test_certificates_that_nobody_wrote_to_a_file_are_a_mistake() -> None:
    endpoint = parse_secret(json.dumps({"url": url(), "ca": PEM}))
    with pytest.raises(ValueError, match="must be in a file"):
        endpoint.environment()


@pytest.mark.parametrize(
    "name",
    [
        "channel_binding",
        "options",
        "require_auth",
        "ssl_min_protocol_version",
        "sslnegotiation",
        "target_session_attrs",
    ],
)
def test_what_changes_how_libpq_connects_is_handed_on(name: str) -> None:
    endpoint = parse_secret(url(query=f"{name}=value"))
    assert endpoint.conninfo()[name] == "value"
    assert endpoint.environment()[VARIABLES[name]] == "value"


@pytest.mark.parametrize("name", ["application_name", "connect_timeout"])
def test_what_lifeboat_sets_itself_is_taken_and_left(name: str) -> None:
    endpoint = parse_secret(url(query=f"{name}=3"))
    assert endpoint == parse_secret(url())


def test_every_parameter_that_an_error_offers_is_taken() -> None:
    with pytest.raises(SecretError) as error:
        parse_secret(url(query="search=public"))
    offered = error.value.todo.partition("known are ")[2].removesuffix(".").split(", ")
    values = {"ssl": "true", "sslmode": "require", "sslrootcert": "system", "port": "5432"}
    assert len(offered) == 15
    for name in offered:
        assert parse_secret(url("", f"host=db.example.com&{name}={values.get(name, 'x')}"))


@pytest.mark.parametrize("host", [NEON, NEON.upper(), NEON.replace(".us", ".c-2.us"), NEON + "."])
def test_neons_pooled_host_is_repaired_to_its_direct_one(host: str) -> None:
    pooled = host.format("-POOLER" if host.isupper() else "-pooler")
    endpoint, notes = check_endpoint(parse_secret(url(pooled, "channel_binding=require")))
    assert endpoint.host == host.format("").lower().rstrip(".")
    assert endpoint.password == "s3cret"
    assert endpoint.parameters == (("channel_binding", "require"),)
    assert endpoint.host in notes[0]


@pytest.mark.parametrize(
    ("host", "direct"),
    [
        (
            "aws-0-eu-central-1.pooler.supabase.com:6543",
            "postgresql://lifeboat:***@aws-0-eu-central-1.pooler.supabase.com:5432/app?sslmode=require",
        ),
        (
            "db.abcdefgh.supabase.co:6543",
            "postgresql://lifeboat:***@db.abcdefgh.supabase.co:5432/app?sslmode=require",
        ),
        (
            "x.postgres.database.azure.com:6432",
            "postgresql://lifeboat:***@x.postgres.database.azure.com:5432/app?sslmode=require",
        ),
    ],
)
def test_a_port_that_shares_sessions_is_refused_with_the_one_that_does_not(
    host: str, direct: str
) -> None:
    with pytest.raises(EndpointError, match="shares sessions") as error:
        check_endpoint(parse_secret(url(host)))
    assert direct in error.value.todo
    check_endpoint(parse_secret(direct))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("db.abcdefgh.supabase.co", "IPv6"),
        ("main.proxy-c0ffee.eu-central-1.rds.amazonaws.com", "RDS Proxy"),
        ("db.example.com:6432", "looks like a connection pooler"),
        ("pgbouncer.internal", "looks like a connection pooler"),
        ("my-pooler.example.com", "looks like a connection pooler"),
    ],
)
def test_what_may_be_a_pooler_is_used_with_a_note(host: str, words: str) -> None:
    endpoint = parse_secret(url(host))
    assert check_endpoint(endpoint)[0] == endpoint
    assert words in check_endpoint(endpoint)[1][0]


@pytest.mark.parametrize(
    "host",
    [
        NEON.format(""),
        "aws-0-eu-central-1.pooler.supabase.com:5432",
        "main.c0ffee.eu-central-1.rds.amazonaws.com",
        "db.example.com:6543",
        "ep-x-pooler.example.com.neon.tech.evil.example",
    ],
)
def test_a_direct_way_passes_as_it_is(host: str) -> None:
    endpoint = parse_secret(url(host))
    checked, notes = check_endpoint(endpoint)
    assert checked == endpoint
    assert notes == () or "evil" in host


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        (url("[::1]:7"), "postgresql://lifeboat:***@[::1]:7/app?sslmode=prefer"),
        (url("%2Frun%2Fpg"), "postgresql://lifeboat:***@%2Frun%2Fpg:5432/app?sslmode=prefer"),
        (
            rds(username="a@b", dbname="x/y"),
            "postgresql://a%40b:***@db.example.com:5433/x%2Fy?sslmode=require",
        ),
    ],
)
def test_what_is_shown_can_be_pasted_once_the_password_is_back(secret: str, shown: str) -> None:
    endpoint = parse_secret(secret)
    assert endpoint.shown == shown
    assert parse_secret(shown.replace("***", "s3cret")) == endpoint


@pytest.mark.parametrize(
    ("secret", "hint"),
    [
        ("psql 'postgresql://u:s3cret@h/d'", "the command psql"),
        ('"postgresql://u:s3cret@h/d"', "begins with a quote"),
        ("'postgresql://u:s3cret@h/d'", "begins with a quote"),
        ("DATABASE_URL=postgresql://u:s3cret@h/d", "variable's name and ="),
        ('export DATABASE_URL="postgres://u:s3cret@h/d"', "variable's name and ="),
        ("postgresql+psycopg://u:s3cret@h/d", "names a driver"),
        ("postgres+asyncpg://u:s3cret@h/d", "names a driver"),
        ("jdbc:postgresql://h/d?user=u&password=s3cret", "cut off jdbc:"),
        ("POSTGRESQL://u:s3cret@h/d", "small letters"),
        (json.dumps({"DATABASE_URL": "postgresql://u:s3cret@h/d"}), "call that key url"),
        (json.dumps({"username": "u", "password": "s3cret"}), "docs/backup-role.md"),
        (url(query="sslmode=Require"), "small letters"),
        (url(query="sslmode=no-verify"), "sslmode=require"),
        (url(query="schema=public&connection_limit=1"), "without schema and connection_limit"),
        (url(query="sslmode=require&uselibpqcompat=true"), "without uselibpqcompat"),
    ],
)
def test_a_usual_spelling_is_refused_with_what_to_change(secret: str, hint: str) -> None:
    with pytest.raises(SecretError) as caught:
        parse_secret(secret)
    assert hint in caught.value.todo
    assert "s3cret" not in str(caught.value)


def test_a_secret_that_rds_manages_is_reported_with_what_it_lacks() -> None:
    with pytest.raises(SecretError, match=r"lacks `host` and `dbname`.*RDS"):
        parse_secret(rds(host=..., dbname=..., port=..., engine=...))


def test_postgresql_is_an_engine_too() -> None:
    assert parse_secret(rds(engine="postgresql")) == parse_secret(rds())

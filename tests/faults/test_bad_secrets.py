"""Secrets that make no sense: whatever is wrong with one, nothing of it is repeated."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import EndpointError, LifeboatError, SecretError
from lifeboat.postgres.login import Login, read_login
from tests.support import invariants
from tests.support.strategies import FUZZ_SETTINGS, ODD, WORDS, broken

pytestmark = pytest.mark.fault("input")

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf"

HALVES = ("Ba1t4711", "Wa1t0815")
"""Both are in every password, so that half of one that got to a wrong place is found as well."""

PASSWORDS = (
    "{0}{1}",
    "{0}:{1}",
    "{0}@{1}",
    "{0}/{1}",
    "{0}?{1}",
    "{0}#{1}",
    "{0}&{1}",
    "{0}={1}",
    "{0}%{1}",
    "{0}%zz{1}",
    "{0}%4{1}",
    "{0} {1}",
    "{0}'{1}",
    '{0}"{1}',
    "{0}\\{1}",
    "{0}\n{1}",
    "{0}\0{1}",
    "{0}\ud800{1}",
    "{0}\u202e{1}",
    "{0}é{1}",
    "{0}[{1}]",
    "{0},{1}",
    "{0}@{1}:5432",
    "{0}://{1}",
    "?{0}&{1}",
    "{0}?password={1}",
    "{0}?{1}=x",
    "{0}" + 20_000 * "x" + "{1}",
)

HOSTS = (
    "db.example.com",
    "db.example.com:5432",
    "db.example.com:0",
    "db.example.com:port",
    "[::1]:5432",
    "[::1",
    "a,b",
    "",
    "%2Frun%2Fpostgresql",
    "ep-cool-name-123456-pooler.us-east-2.aws.neon.tech",
    "aws-0-eu-central-1.pooler.supabase.com:6543",
    "x.postgres.database.azure.com:6432",
    "h" * 20_000,
    "h%zz",
    "h" * 20_000 + ".pooler.supabase.com:6543",
    "db%E2%80%AE.pooler.supabase.com:6543",
    "db%0Adb.pooler.supabase.com:6543",
)

QUERIES = (
    "",
    "sslmode=require",
    "sslmode=disable",
    "sslmode=" + HALVES[0],
    "sslrootcert=" + HALVES[0],
    "pgbouncer=true",
    "password=" + HALVES[0],
    "pass%77ord=" + HALVES[0],
    "PASSWORD=" + HALVES[0],
    "sslpassword=" + HALVES[0],
    "passfile=" + HALVES[0],
    "service=" + HALVES[0],
    "sslmode=require&" + "x" * 20_000 + "=1",
    "options=-c%20x=%zz",
    "\u202e=1",
    "a%00b=1",
    "port=" + HALVES[0],
    "sslmode",
    "&&&",
)


USERS = ("lifeboat", "lifeboat", "", "life%40boat", "%zz", "a:b", "u" * 5_000, "%E2%80%AE")


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Of a database, each part of it right or wrong."""
    scheme = draw(
        st.sampled_from(("postgresql", "postgres") * 6 + ("mysql", "https", "postgre", ""))
    )
    password = draw(st.sampled_from(PASSWORDS)).format(*HALVES)
    encode = draw(st.sampled_from(("all", "all", "none", "some", "twice")))
    if encode != "none":
        safe = "%@/" if encode == "some" else ""
        password = quote(password, safe=safe, errors="surrogatepass")
    if encode == "twice":
        password = quote(password, safe="")
    user = draw(st.sampled_from(USERS))
    host, query = draw(st.sampled_from(HOSTS)), draw(st.sampled_from(QUERIES))
    at = draw(st.sampled_from(("@",) * 9 + ("", "%40", "@@")))
    database = draw(st.sampled_from(("/app", "/app", "/app", "", "/", "/a/b", "/%zz")))
    url = f"{scheme}://{user}:{password}{at}{host}{database}" + (f"?{query}" if query else "")
    cut = draw(st.none() | st.none() | st.integers(0, 60))
    return url if cut is None else url[cut:]


def documents() -> st.SearchStrategy[str]:
    """JSON secrets of both forms, whole and broken, with and without a bait in each place."""
    password = PASSWORDS[0].format(*HALVES)
    url = f"postgresql://lifeboat:{password}@db.example.com/app"
    whole = {
        "engine": "postgres",
        "host": "db.example.com",
        "port": 5432,
        "username": "lifeboat",
        "password": password,
        "dbname": "app",
    }
    ways: tuple[dict[str, Any], ...] = (
        whole,
        {**whole, "sslmode": "verify-full", "ca": password},
        {"url": url},
        {"url": url, "ca": f"-----BEGIN CERTIFICATE-----\n{password}\n"},
        *({**whole, key: password} for key in whole if key != "password"),
        *({**whole, "password": each.format(*HALVES)} for each in PASSWORDS),
    )
    keys = ("url", "ca", "sslmode", "options", "user", "Password", password)
    made = broken(ways, keys).map(json.dumps)
    cut = st.tuples(made, st.integers(1, 200)).map(lambda both: both[0][: -both[1]])
    in_json = urls().map(lambda each: json.dumps({"url": each}))
    return st.one_of(made, made, cut, in_json)


class Store:
    """Where one secret is kept."""

    def __init__(self, text: str) -> None:
        self.kept = text

    def text(self, arn: str) -> str:
        assert arn == ARN
        return self.kept


def read(text: str, scratch: Path) -> Login | LifeboatError:
    """What reading a secret comes to; a refusal is held to the law."""
    try:
        return read_login(Store(text), ARN, scratch)  # type: ignore[arg-type]
    except (SecretError, EndpointError) as error:
        require_silent(invariants.told(error))
        return error


def require_silent(error: LifeboatError) -> None:
    """Help in a screenful, and nothing of the secret: not in it, behind it or beside it."""
    words = str(error)
    assert error.todo
    assert len(words) <= 2_000, words[:500]
    assert words.replace("\n", "").isprintable(), ascii(words)
    behind = invariants.texts_of(error)
    invariants.require_no_secret(HALVES, behind)
    invariants.require_no_secret([quote(HALVES[0][:6])], behind)


def test_a_url_that_makes_no_sense_is_refused_without_a_word_of_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    came_to: list[Login | LifeboatError] = []

    @FUZZ_SETTINGS_OF_SECRETS
    @given(urls())
    def offer(text: str) -> None:
        came_to.append(read(text, tmp_path))

    offer()
    require_both(came_to, caplog)


def test_json_that_makes_no_sense_is_refused_without_a_word_of_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    came_to: list[Login | LifeboatError] = []

    @FUZZ_SETTINGS_OF_SECRETS
    @given(documents())
    def offer(text: str) -> None:
        came_to.append(read(text, tmp_path))

    offer()
    require_both(came_to, caplog)


def test_any_text_at_all_is_refused(tmp_path: Path) -> None:
    came_to: list[Login | LifeboatError] = []

    @FUZZ_SETTINGS
    @given(st.sampled_from(WORDS) | st.text() | ODD.map(json.dumps))
    def offer(text: str) -> None:
        came_to.append(read(text, tmp_path))

    offer()
    assert len(came_to) >= 100
    assert not any(isinstance(each, Login) for each in came_to)


FUZZ_SETTINGS_OF_SECRETS = type(FUZZ_SETTINGS)(FUZZ_SETTINGS, max_examples=400)


def require_both(came_to: list[Login | LifeboatError], caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds were tried; some were good, most were not, and none is in a log or a `repr`."""
    good = [each for each in came_to if isinstance(each, Login)]
    assert len(came_to) >= 400
    assert len(came_to) - len(good) >= 200
    assert len(good) >= 10
    hidden = [half for half in HALVES if half in caplog.text]
    assert hidden == []
    for login in good:
        endpoint = login.endpoint
        if not any(half in endpoint.host + endpoint.user + endpoint.database for half in HALVES):
            invariants.require_no_secret(HALVES, [endpoint.shown, repr(login), *login.notes])

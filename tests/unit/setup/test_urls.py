"""URLs that people give: repaired, stored so that functions can log in, and never quoted."""

import traceback
from pathlib import Path

import pytest

from lifeboat.postgres.endpoint import parse_secret
from lifeboat_setup.urls import (
    ADMIN_VARIABLE,
    SetupError,
    as_role,
    of_environment,
    read_file,
    read_url,
    secret_text,
)

PASSWORD = "Bait: s3cr3t/&?%_of'the\"role"
ENCODED = "Bait%3A%20s3cr3t%2F%26%3F%25_of%27the%22role"


def url(host: str, more: str = "", user: str = "owner") -> str:
    return f"postgresql://{user}:{ENCODED}@{host}/app{more}"


@pytest.mark.parametrize(
    ("host", "direct", "port"),
    [
        (
            "ep-cool-1-pooler.eu-central-1.aws.neon.tech",
            "ep-cool-1.eu-central-1.aws.neon.tech",
            5432,
        ),
        ("aws-0-eu.pooler.supabase.com:6543", "aws-0-eu.pooler.supabase.com", 5432),
        ("db.abcdef.supabase.co:6543", "db.abcdef.supabase.co", 5432),
        ("x.postgres.database.azure.com:6432", "x.postgres.database.azure.com", 5432),
        ("db.example.com:5433", "db.example.com", 5433),
    ],
)
def test_a_poolers_address_becomes_the_direct_one(host: str, direct: str, port: int) -> None:
    endpoint, notes = read_url(url(host), "The URL")
    assert (endpoint.host, endpoint.port) == (direct, port)
    assert bool(notes) or "pooler" not in host


@pytest.mark.parametrize(
    "more", ["", "?sslmode=verify-full", "?sslrootcert=system", "?channel_binding=require"]
)
def test_a_stored_secret_leads_to_the_same_endpoint(more: str) -> None:
    endpoint, _ = read_url(url("[2001:db8::1]:5433" if not more else "db.example.com", more), "X")
    assert endpoint.password == PASSWORD
    assert parse_secret(secret_text(endpoint)) == endpoint


def test_a_certificate_is_stored_with_the_url() -> None:
    text = f'{{"url": "{url("db.example.com")}", "ca": "-----BEGIN CERTIFICATE-----"}}'
    endpoint, _ = read_url(text, "X")
    assert parse_secret(secret_text(endpoint)) == endpoint


def test_supabases_pooler_gets_the_project_with_the_role() -> None:
    pooled, _ = read_url(url("aws-0-eu.pooler.supabase.com", user="postgres.proj"), "X")
    assert as_role(pooled, "lifeboat_app", "p").user == "lifeboat_app.proj"
    direct, _ = read_url(url("db.example.com", user="a.b"), "X")
    assert as_role(direct, "lifeboat_app", "p").user == "lifeboat_app"


@pytest.mark.parametrize(
    "text",
    [
        f"psql '{url('db.example.com')}'",
        f"postgresql://owner:{PASSWORD}@db.example.com/app",
        url("db.example.com", "?nonsense=1"),
        url("db.example.com", "?sslmode=disable"),
        PASSWORD,
    ],
)
def test_an_error_about_a_url_quotes_nothing_of_the_password(text: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_url(text, "The URL")
    said = f"{caught.value}{''.join(traceback.format_exception(caught.value))}"
    assert "The URL" in said
    assert "s3cr3t" not in said
    assert caught.value.__context__ is None


def test_a_url_in_the_environment_is_taken_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADMIN_VARIABLE, "x")
    assert [of_environment(ADMIN_VARIABLE), of_environment(ADMIN_VARIABLE)] == ["x", None]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "urls.env"
    file.write_text("app=postgresql://x\n")
    file.chmod(mode)
    with pytest.raises(SetupError) as caught:
        read_file(file)
    assert caught.value.todo == f"chmod 600 {file}"


def test_a_file_has_a_name_and_a_url_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "urls.env"
    file.write_text("# mine\n\napp = postgresql://a/?b=c\nshop=postgresql://d\n")
    file.chmod(0o600)
    assert read_file(file) == {"app": "postgresql://a/?b=c", "shop": "postgresql://d"}


@pytest.mark.parametrize(
    "line", ["postgresql://secret", "App=secret", "a=x\na=secret", "", "=secret"]
)
def test_a_line_that_is_none_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    file = tmp_path / "urls.env"
    file.write_text(f"{line}\n")
    file.chmod(0o600)
    with pytest.raises(SetupError) as caught:
        read_file(file)
    assert "secret" not in str(caught.value)

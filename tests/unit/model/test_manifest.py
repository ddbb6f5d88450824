import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lifeboat.errors import ManifestError
from lifeboat.model.inventory import Table
from lifeboat.model.manifest import Manifest
from tests.support.samples import JSON, MANIFEST, MANIFESTS


def stored(**changes: object) -> bytes:
    return json.dumps(json.loads(MANIFEST.to_json()) | changes).encode()


@settings(max_examples=30)
@given(MANIFESTS)
def test_what_is_written_is_what_is_read(manifest: Manifest) -> None:
    document = manifest.to_json()
    again = Manifest.from_json(document, key=manifest.location.manifest_key)
    assert again == manifest
    assert again.to_json() == document


def test_the_stored_document_reads_like_a_report() -> None:
    lines = MANIFEST.to_json().decode().splitlines(keepends=True)
    assert lines[:5] == [
        "{\n",
        '  "schema_version": 1,\n',
        '  "database": "app",\n',
        '  "tier": "weekly",\n',
        '  "scheduled_at": "2026-11-22T02:00:00Z",\n',
    ]
    assert (
        '      {"schema": "public", "name": "odd \\"näme\\"", "rows": 0,'
        f' "digest": "{"0" * 32}", "data_excluded": false}},\n'
    ) in lines
    assert lines[-1] == "}\n"


def test_a_manifest_from_before_digests_is_read_and_its_checksums_are_not() -> None:
    document = json.loads(MANIFEST.to_json())
    for table in document["inventory"]["tables"]:
        del table["digest"]
        table["checksum"] = "-4711"
    del document["inventory"]["large_objects_digest"]
    del document["source"]["bytea_output"], document["source"]["lc_monetary"]
    old = Manifest.from_json(json.dumps(document).encode())
    assert {table.digest for table in old.inventory.tables} == {None}
    assert old.inventory.large_objects_digest is None


def test_two_thousand_tables_stay_a_small_object() -> None:
    tables = tuple(
        Table(schema="public", name=f"a_table_with_a_name_{i:04}", rows=i) for i in range(2000)
    )
    inventory = MANIFEST.inventory.model_copy(update={"tables": tables})
    document = MANIFEST.model_copy(update={"inventory": inventory}).to_json()
    assert len(document) < 1 << 18


def test_a_manifest_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MANIFEST.database = "other"  # type: ignore[misc]  # the very mistake


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"\xff\xfe", MANIFEST.to_json()[:-40], b"[" * 100_000, b'{"a": NaN}', b'"\\ud800"'],
)
def test_a_damaged_document_is_named_as_such(document: bytes) -> None:
    with pytest.raises(ManifestError, match="is not JSON"):
        Manifest.from_json(document)


@pytest.mark.parametrize("document", [b"[]", b"null", b"1", b'"manifest"'])
def test_json_that_is_no_object_is_no_manifest(document: bytes) -> None:
    with pytest.raises(ManifestError, match="is not a JSON object"):
        Manifest.from_json(document)


@pytest.mark.parametrize("version", [None, "1", 0, -1, 1.5, [1]])
def test_a_manifest_must_say_its_version(version: object) -> None:
    with pytest.raises(ManifestError, match="which schema_version"):
        Manifest.from_json(stored(schema_version=version))


def test_a_newer_manifest_asks_for_an_update_even_when_all_else_has_changed() -> None:
    with pytest.raises(ManifestError, match="written by a newer Lifeboat") as refusal:
        Manifest.from_json(b'{"schema_version": 2, "everything": "else"}', key="k")
    assert refusal.value.what.startswith("The manifest k ")
    assert "Update Lifeboat" in refusal.value.todo


def test_missing_and_invalid_fields_are_named() -> None:
    content = json.loads(stored(tier="yearly", scheduled_at="2026-11-22T02:00:00.5Z"))
    del content["run_id"]
    content["archive"]["objects"][0]["sha256"] = "AB"
    content["inventory"]["tables"][1]["rows"] = -1
    with pytest.raises(ManifestError) as refusal:
        Manifest.from_json(json.dumps(content).encode(), key="some/manifest.json")
    for field in (
        "some/manifest.json",
        "run_id: field required",
        "tier: input should be 'daily', 'weekly', 'monthly' or 'manual'",
        "scheduled_at: value error, 2026-11-22T02:00:00.500000+00:00 is not a whole second",
        "archive.objects.0.sha256: ",
        "inventory.tables.1.rows: ",
    ):
        assert field in refusal.value.what


def test_of_many_problems_the_first_are_reported_and_the_rest_counted() -> None:
    with pytest.raises(ManifestError, match="; and 2 more") as refusal:
        Manifest.from_json(b'{"schema_version": 1}')
    assert refusal.value.what.count("field required") == 10


def test_an_archive_without_objects_is_no_archive() -> None:
    archive = json.loads(MANIFEST.to_json())["archive"] | {"objects": []}
    with pytest.raises(ManifestError, match=r"archive\.objects: "):
        Manifest.from_json(stored(archive=archive))


def test_a_field_added_later_does_not_stop_an_older_reader() -> None:
    content = json.loads(stored(colour="blue"))
    content["inventory"]["tables"][0]["bloat"] = 0.5
    content["source"]["timeline"] = 3
    assert Manifest.from_json(json.dumps(content).encode()) == MANIFEST


def test_the_large_objects_of_older_manifests_are_among_their_counts() -> None:
    content = json.loads(stored())
    del content["inventory"]["large_objects"]
    content["inventory"]["counts"] = {"indexes": 4, "large_objects": 7}
    assert Manifest.from_json(json.dumps(content).encode()).inventory.large_objects == 7


def test_a_manifest_that_lies_in_another_backups_place_is_refused() -> None:
    key = "weekly/app/2026-11-15T020000Z/manifest.json"
    with pytest.raises(ManifestError, match=r"claims to be weekly/app/2026-11-22T020000Z/man"):
        Manifest.from_json(MANIFEST.to_json(), key=key)


@given(st.binary() | JSON.map(lambda content: json.dumps(content).encode()))
def test_no_document_gives_another_exception(document: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(document)


@given(st.data())
def test_a_manifest_with_any_one_field_replaced_is_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(MANIFEST.to_json())
    here = content
    while isinstance(here, dict | list) and here:
        at = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        if not isinstance(here[at], dict | list) or data.draw(st.booleans()):
            here[at] = data.draw(JSON)
            break
        here = here[at]
    try:
        Manifest.from_json(json.dumps(content).encode())
    except ManifestError as refusal:
        assert refusal.todo  # noqa: PT017 - both outcomes are right; any other error is not


def test_a_manifest_of_before_the_first_release_is_called_what_it_is() -> None:
    content = json.loads(stored())
    content["slot"] = content.pop("scheduled_at")
    with pytest.raises(ManifestError) as refusal:
        Manifest.from_json(json.dumps(content).encode(), key=MANIFEST.key)
    assert "before Lifeboat's first release" in refusal.value.what
    assert "it has 'slot'" in refusal.value.what
    assert "docs/runbooks/lifeboat-is-gone.md" in refusal.value.todo

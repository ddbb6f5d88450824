"""How requests to Neon's API end: who is told what, and what is repeated."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from lifeboat.errors import (
    ProviderBusyError,
    ProviderContractError,
    ProviderDownError,
    ProviderError,
    ProviderGoneError,
    ProviderKeyError,
    ProviderLimitError,
    ProviderRightError,
    RefusedError,
)
from lifeboat.neon import client
from lifeboat.neon.api import MAX_ANSWER_BYTES, NeonApi, neon_pool
from lifeboat.neon.client import NeonProject
from lifeboat.neon.records import Frequency
from lifeboat.runtime.timeouts import set_testing
from local.neon import FakeNeon, Fault, documents
from local.neon.faults import Kind
from local.neon.model import Branch, Snapshot
from local.neon.server import Key
from tests.support.neon_contract import ContractBroken, ContractPool

KEY = "napi_s3cr3t0bait1234567890"
OTHER = "napi_0ther1234567890"
SOON = datetime.now(UTC) + timedelta(hours=2)


@pytest.fixture
def neon() -> Iterator[FakeNeon]:
    with FakeNeon.start(KEY) as running:
        yield running


@pytest.fixture
def project(neon: FakeNeon) -> NeonProject:
    return NeonProject(NeonApi(KEY, ContractPool(), neon.url), neon.project.id)


def plainly(neon: FakeNeon, key: str = KEY, project_id: str | None = None) -> NeonProject:
    """Without the contract in between: for answers that break it."""
    return NeonProject(NeonApi(key, neon_pool(), neon.url), project_id or neon.project.id)


def make_branch(project: NeonProject) -> object:
    return project.create_branch("throw-away", expires_at=SOON)


def told(error: BaseException) -> str:
    """All that a log could show of it."""
    texts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        texts.append(f"{seen} {seen!r} {vars(seen)}")
        seen = seen.__cause__ or seen.__context__
    return " ".join(texts)


def test_a_project_is_read_with_its_plan_window_quota_and_transfer(
    neon: FakeNeon, project: NeonProject
) -> None:
    neon.project.quota = {"data_transfer_bytes": 5_000_000_000}
    details = project.details()
    assert details.history_retention_seconds == 604_800
    assert details.data_transfer_bytes == 1_000_000_000
    assert details.owner
    assert (details.owner.subscription_type, details.owner.branches_limit) == ("launch_v3", 10)
    assert details.settings
    assert details.settings.quota
    assert details.settings.quota.data_transfer_bytes == 5_000_000_000
    assert details.consumption_period_start < datetime.now(UTC) < details.consumption_period_end
    assert project.key_details().auth_method == "api_key_org"


def test_snapshots_and_schedules_are_listed(neon: FakeNeon, project: NeonProject) -> None:
    main, now = neon.project.main, datetime.now(UTC)
    assert project.snapshots() == ()
    assert project.backup_schedule(main.id) == ()
    neon.project.snapshots = [
        Snapshot("before the move", main.id, now, manual=True),
        Snapshot("scheduled", main.id, now, expires_at=SOON),
    ]
    main.schedule = [{"frequency": "daily", "hour": 3, "retention_seconds": 604_800}]
    manual, scheduled = project.snapshots()
    assert (manual.name, manual.manual, manual.expires_at) == ("before the move", True, None)
    assert (scheduled.created_at, scheduled.expires_at) == (now, SOON)
    (item,) = project.backup_schedule(main.id)
    assert (item.frequency, item.hour, item.retention_seconds) == (Frequency.DAILY, 3, 604_800)


def test_all_pages_of_branches_are_read(neon: FakeNeon, project: NeonProject) -> None:
    for number in range(250):
        branch = Branch(f"b{number}", datetime.now(UTC), parent_id=neon.project.main.id)
        neon.project.branches[branch.id] = branch
    assert [each.name for each in project.branches()] == [
        "main",
        *(f"b{number}" for number in range(250)),
    ]
    assert len(neon.requests) == 3


def test_pages_without_end_are_a_broken_contract(
    neon: FakeNeon, monkeypatch: pytest.MonkeyPatch, project: NeonProject
) -> None:
    monkeypatch.setattr(client, "_PAGE", 1)
    monkeypatch.setattr(client, "_MAX_PAGES", 2)
    child_of_main(neon, "one")
    assert len(project.branches()) == 2
    child_of_main(neon, "two")
    with pytest.raises(ProviderContractError, match="it goes on after 2 pages"):
        project.branches()


@pytest.mark.parametrize("following", [{"next": "7"}, {"next": "x" * 5000}])
def test_pages_that_lead_nowhere_are_a_broken_contract(
    neon: FakeNeon, following: dict[str, str]
) -> None:
    page = json.dumps(
        {
            "branches": [documents.branch(neon.project.main, neon.project.id)],
            "pagination": following,
        }
    ).encode()
    neon.faults = [Fault(Kind.SPOILED, body=page, path="/branches$", times=500)]
    with pytest.raises(ProviderContractError, match=r"pagination\.next"):
        plainly(neon).branches()
    assert len(neon.requests) <= 2


@pytest.mark.parametrize(
    ("fault", "kind", "what"),
    [
        (Fault(status=401), ProviderKeyError, "HTTP 401"),
        (Fault(status=403), ProviderRightError, "HTTP 403"),
        (Fault(status=404, message="project not found"), ProviderGoneError, '"project not found"'),
        (Fault(status=402), ProviderLimitError, "HTTP 402"),
        (Fault(status=422, code="BRANCHES_LIMIT_EXCEEDED"), ProviderLimitError, "BRANCHES_LIMIT"),
        (Fault(status=423, code="QUOTA_EXCEEDED"), ProviderLimitError, "QUOTA_EXCEEDED"),
        (Fault(status=400), ProviderError, "HTTP 400"),
        (Fault(status=500), ProviderDownError, "HTTP 500"),
    ],
)
def test_a_refusal_is_of_the_kind_of_who_has_to_act_and_is_not_repeated(
    neon: FakeNeon, project: NeonProject, fault: Fault, kind: type[ProviderError], what: str
) -> None:
    neon.faults = [replace(fault, times=9)]
    with pytest.raises(ProviderError) as caught:
        make_branch(project)
    assert type(caught.value) is kind
    assert what in caught.value.what
    assert caught.value.what.startswith("Could not make the branch throw-away: Neon answers HTTP")
    assert len(neon.requests) == 1


def test_a_key_that_is_unknown_that_may_only_look_or_is_of_another_account_is_told_apart(
    neon: FakeNeon,
) -> None:
    with pytest.raises(ProviderKeyError, match="HTTP 401"):
        plainly(neon, OTHER).details()
    neon.keys[OTHER] = Key(may_write=False)
    assert plainly(neon, OTHER).details().id == neon.project.id
    with pytest.raises(ProviderRightError, match="HTTP 403"):
        make_branch(plainly(neon, OTHER))
    neon.keys[OTHER] = Key(of_this_account=False)
    with pytest.raises(ProviderGoneError, match="HTTP 404"):
        plainly(neon, OTHER).details()


@pytest.mark.parametrize("status", [423, 429, 503])
def test_what_is_safe_to_repeat_is_repeated_and_done_once(
    neon: FakeNeon, project: NeonProject, status: int
) -> None:
    neon.faults = [Fault(status=status, method="DELETE", times=2)]
    assert project.delete_branch("br-nobody-1") == ()
    assert [each.method for each in neon.requests] == ["DELETE"] * 3


@pytest.mark.parametrize("status", [423, 429, 503])
def test_patience_ends_with_the_time_for_a_call(
    neon: FakeNeon, project: NeonProject, status: int
) -> None:
    neon.faults = [Fault(status=status, times=10_000)]
    with set_testing(provider_call_seconds=1.0):
        kind = ProviderDownError if status == 503 else ProviderBusyError
        with pytest.raises(kind, match=f"HTTP {status}"):
            make_branch(project)
    assert len(neon.requests) > 1


def test_what_neon_asks_to_wait_is_waited(neon: FakeNeon, project: NeonProject) -> None:
    neon.a_minute = 0
    begun = time.monotonic()
    with set_testing(provider_call_seconds=1.9), pytest.raises(ProviderBusyError, match="429"):
        project.details()
    assert len(neon.requests) == 2  # Retry-After is 1 second
    assert time.monotonic() - begun >= 1


def test_a_wait_that_is_too_long_is_not_begun(neon: FakeNeon, project: NeonProject) -> None:
    neon.faults = [Fault(status=429, headers={"Retry-After": "3600"}, times=9)]
    with pytest.raises(ProviderBusyError, match="HTTP 429"):
        project.details()
    assert len(neon.requests) == 1


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.LOST, Kind.HANGS])
def test_reading_is_repeated_after_a_broken_connection_or_a_silence(
    neon: FakeNeon, kind: Kind
) -> None:
    neon.faults = [Fault(kind)]
    with set_testing(provider_read_seconds=0.3):
        assert plainly(neon).details().id == neon.project.id
    assert len(neon.requests) >= 2


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.LOST, Kind.HANGS])
@pytest.mark.parametrize("asking", ["DELETE", "POST"])
def test_a_change_is_never_repeated_without_an_answer_and_nobody_claims_to_know(
    neon: FakeNeon, kind: Kind, asking: str
) -> None:
    neon.faults = [Fault(kind, method=asking, times=9)]
    change: dict[str, Callable[[], object]] = {
        "POST": lambda: plainly(neon).restore_branch("br-1", at=SOON, preserve_under="old"),
        "DELETE": lambda: plainly(neon).delete_branch("br-1"),
    }
    with set_testing(provider_read_seconds=0.3), pytest.raises(ProviderDownError) as caught:
        change[asking]()
    assert len(neon.requests) == 1
    assert caught.value.safe.startswith("It is not known whether Neon did ")
    assert caught.value.todo.startswith("See in the Neon console whether it was done.")


@pytest.mark.parametrize(("status", "sure"), [(500, False), (502, False), (503, True), (400, True)])
def test_a_change_that_was_refused_for_sure_is_told_so(
    neon: FakeNeon, project: NeonProject, status: int, *, sure: bool
) -> None:
    neon.faults = [Fault(status=status, headers={"Retry-After": "3600"})]
    with pytest.raises(ProviderError) as caught:
        make_branch(project)
    assert ("not known" not in caught.value.safe) == sure


def test_an_answer_that_never_ends_is_given_up(neon: FakeNeon) -> None:
    neon.faults = [Fault(Kind.DRIPS, body=b" ", times=10_000)]
    waits = {"provider_read_seconds": 1.0, "provider_connect_seconds": 0.2}
    shorter = set_testing(**waits, provider_call_seconds=0.1)
    with shorter, pytest.raises(ProviderDownError, match="did not end in time"):
        plainly(neon).details()


def test_an_answer_that_is_too_large_is_given_up(neon: FakeNeon) -> None:
    neon.faults = [Fault(Kind.DRIPS, body=b"x" * (MAX_ANSWER_BYTES // 8), times=9)]
    with pytest.raises(ProviderContractError, match="more than 4,000,000 bytes"):
        plainly(neon).details()
    assert len(neon.requests) == 1


@pytest.mark.parametrize("status", [302, 307, 202, 206])
def test_a_redirection_is_not_followed_and_other_successes_are_none(
    neon: FakeNeon, status: int
) -> None:
    neon.faults = [Fault(status=status, headers={"Location": f"{neon.url}/auth"}, times=9)]
    eager = NeonApi(KEY, urllib3.PoolManager(), neon.url)  # it would follow, and try again
    with pytest.raises(ProviderContractError, match=f"HTTP {status}"):
        NeonProject(eager, neon.project.id).details()
    assert len(neon.requests) == 1


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html>", "the whole: Invalid JSON"),
        (b'{"project": {}}', "project.id: Field required"),
        (b'{"snapshots": [{"id": "A;B", "name": 7}]}', "snapshots.0.id: String should match"),
    ],
)
def test_a_contract_that_changed_is_told_by_the_field(
    neon: FakeNeon, body: bytes, what: str
) -> None:
    neon.faults = [Fault(Kind.SPOILED, body=body)]
    ask = plainly(neon).snapshots if b"snapshots" in body else plainly(neon).details
    with pytest.raises(ProviderContractError) as caught:
        ask()
    assert what in caught.value.what
    assert "A;B" not in told(caught.value)


def test_a_change_with_an_answer_that_makes_no_sense_may_have_been_done(neon: FakeNeon) -> None:
    branch = child_of_main(neon, "child")
    neon.faults = [Fault(Kind.SPOILED, body=b"{}", method="DELETE")]
    with pytest.raises(ProviderContractError) as caught:
        plainly(neon).delete_branch(branch.id)
    assert "not known" in caught.value.safe


def test_nothing_that_neon_says_writes_an_answer_of_its_own(neon: FakeNeon) -> None:
    said = f'no\nSafe: nothing\r\nNext: curl x | sh\x1b[2J"{"y" * 9999}'
    neon.faults = [Fault(status=404, message=said, code="\u202ecode\n")]
    with pytest.raises(ProviderGoneError) as caught:
        plainly(neon).details()
    lines = str(caught.value).splitlines()
    assert [each.split(":")[0] for each in lines] == [
        f"Could not read the project {neon.project.id}",
        "Safe",
        "Next",
    ]
    assert not set("\x1b\u202e") & set(lines[0])
    assert len(lines[0]) < 600


def test_a_key_that_neon_repeats_is_told_to_nobody(neon: FakeNeon) -> None:
    spelled = "".join(f"%{byte:02x}" for byte in KEY.encode())
    for message in ("{key}", "Bearer {key}!", f"/?key={spelled}", "x" * 390 + "{key}"):
        neon.faults = [Fault(status=403, message=message, code="{key}")]
        with pytest.raises(ProviderRightError) as caught:
            plainly(neon).details()
        assert KEY[:12] not in told(caught.value)
        assert spelled[:30] not in told(caught.value)
    neon.faults = [Fault(status=403, code=KEY)]
    with pytest.raises(ProviderRightError) as caught:
        plainly(neon).details()
    assert KEY not in told(caught.value)


def test_a_key_in_the_wrong_place_is_told_to_nobody(neon: FakeNeon) -> None:
    for wrong in (KEY, f"{KEY}/../../auth", ".."):
        with pytest.raises(RefusedError) as refused:
            plainly(neon, project_id=wrong).details()
        assert KEY not in told(refused.value)
    neon.faults = [Fault(Kind.CUT)]
    with pytest.raises(ProviderDownError) as caught:
        plainly(neon).create_branch(KEY, expires_at=SOON)
    assert KEY not in told(caught.value)
    assert KEY not in repr(plainly(neon))
    assert not [each for each in neon.requests if KEY in each.path]


@pytest.mark.parametrize(
    "key", ["", "  ", "sh0rt", f"{KEY}\r\nHost: evil", "käse-schlüssel", "x" * 999]
)
def test_what_can_be_no_key_is_refused_unseen_and_unsent(key: str) -> None:
    with pytest.raises(ProviderKeyError) as caught:
        NeonApi(key)
    assert not key.strip() or key not in told(caught.value)


def test_a_key_with_a_line_end_is_a_key(neon: FakeNeon) -> None:
    assert plainly(neon, f"{KEY}\n").details().id == neon.project.id


def test_nobody_there_is_told_as_down() -> None:
    nowhere = NeonProject(NeonApi(KEY, neon_pool(), "http://127.0.0.1:1"), "x")
    waits = set_testing(provider_call_seconds=0.1)
    with waits, pytest.raises(ProviderDownError, match="could not be reached") as caught:
        nowhere.details()
    assert KEY not in told(caught.value)


def test_the_key_goes_to_nobody_whose_certificate_is_not_verified(tmp_path: Path) -> None:
    with FakeNeon.start(KEY, root=tmp_path, tls=True) as neon:
        assert neon.ca_file
        trusting = NeonApi(KEY, neon_pool(str(neon.ca_file)), neon.url)
        assert NeonProject(trusting, neon.project.id).details().id == neon.project.id
        pool = neon_pool()
        with pytest.raises(ProviderDownError, match="certificate"):
            NeonProject(NeonApi(KEY, pool, neon.url), neon.project.id).details()
        assert pool.connection_from_url(neon.url).num_connections == 1  # it is not tried again
        assert len(neon.requests) == 1
    with pytest.raises(ValueError, match="unencrypted"):
        NeonApi(KEY, base_url="http://console.neon.tech/api/v2")


def child_of_main(neon: FakeNeon, name: str) -> Branch:
    """A branch without data."""
    branch = Branch(name, datetime.now(UTC), parent_id=neon.project.main.id)
    neon.project.branches[branch.id] = branch
    return branch


def test_a_second_change_waits_until_the_operations_of_the_first_have_ended(
    neon: FakeNeon, project: NeonProject
) -> None:
    first, second = child_of_main(neon, "first"), child_of_main(neon, "second")
    project.delete_branch(first.id)
    project.wait_for(project.delete_branch(second.id), seconds=60)
    assert [each.path for each in neon.requests].count(
        f"/projects/{neon.project.id}/branches/{second.id}"
    ) > 1  # 423 before
    assert [each.name for each in project.branches()] == ["main"]


def test_a_wait_for_operations_ends_with_its_time(neon: FakeNeon, project: NeonProject) -> None:
    neon.control.operation_seconds = 0.5
    operations = project.delete_branch(child_of_main(neon, "slow").id)
    with pytest.raises(ProviderBusyError, match=r"has not ended after 0\.2 seconds"):
        project.wait_for(operations, seconds=0.2)
    neon.control.operation_seconds = 0
    project.wait_for(operations, seconds=60)


def test_a_wait_for_operations_ends_when_neon_is_down_before_its_time(
    neon: FakeNeon, project: NeonProject
) -> None:
    operations = project.delete_branch(child_of_main(neon, "orphan").id)
    neon.faults = [Fault(status=500, path="/operations/", times=9)]
    with pytest.raises(ProviderDownError, match="HTTP 500"):
        project.wait_for(operations, seconds=60)


def test_no_attempt_begins_after_the_end_of_a_run(neon: FakeNeon, project: NeonProject) -> None:
    over = replace(project, api=replace(project.api, until=time.monotonic()))
    with pytest.raises(ProviderDownError, match="the time for it was over"):
        over.details()
    assert neon.requests == []


def test_either_side_that_breaks_the_contract_fails_the_test(
    neon: FakeNeon, project: NeonProject
) -> None:
    pool, base = ContractPool(), f"{neon.url}/projects/{neon.project.id}"
    headers = {"Authorization": f"Bearer {KEY}"}
    for method, url, body, what in (
        ("POST", f"{base}/branches", b'{"branch": {"expires": 1}}', "body.branch.expires: unknown"),
        ("POST", f"{base}/branches", b'{"branch": {"expires_at": "now"}}', "is not a 'date-time'"),
        ("GET", f"{base}/branches?page=1", None, "query page: unknown"),
        ("GET", f"{base}/branches?limit=0", None, "query limit: 0 is less than"),
        ("GET", f"{base}/connection_uri?role_name=x", None, "query database_name: missing"),
        ("PATCH", f"{base}/snapshots", None, "the contract has no PATCH"),
    ):
        with pytest.raises(ContractBroken, match=what):
            pool.request(method, url, body=body, headers=headers)
    assert neon.requests == []
    for body, what in (
        (b'{"snapshots": [{"id": "x", "name": "y"}]}', "'created_at' is a required property"),
        (b'{"snapshots": [], "more": 1}', "body.more: unknown"),
    ):
        neon.faults = [Fault(Kind.SPOILED, body=body)]
        with pytest.raises(ContractBroken, match=f"listSnapshots: the answer .*{what}"):
            project.snapshots()
    with pytest.raises(ContractBroken, match="header Authorization: missing"):
        pool.request("GET", base)
    assert isinstance(pool, urllib3.PoolManager)

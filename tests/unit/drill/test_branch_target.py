"""How a drill connects to its branch in Neon."""

import pytest

from lifeboat.drill.branch_target import _endpoint
from lifeboat.errors import BranchError


@pytest.mark.parametrize("stated", ["", "?sslmode=require", "?sslmode=prefer"])
def test_over_a_network_the_certificate_of_a_branch_is_verified(stated: str) -> None:
    endpoint = _endpoint(f"postgresql://r:s3cr3t@ep-calm-lake-1.aws.neon.tech/d{stated}")
    assert (endpoint.sslmode, endpoint.system_ca) == ("verify-full", True)


def test_on_this_machine_there_is_no_certificate() -> None:
    assert not _endpoint("postgresql://r:s3cr3t@127.0.0.1:5433/d").system_ca


@pytest.mark.parametrize("uri", ["", "-", "postgresql://r:s3cr3t@h/d?sslmode=disable"])
def test_what_leads_to_no_server_is_not_quoted(uri: str) -> None:
    with pytest.raises(BranchError) as refused:
        _endpoint(uri)
    assert "s3cr3t" not in str(refused.value)

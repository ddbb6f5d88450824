"""Reading Neon's API keys: of the functions that speak to Neon, and of no other."""

from collections.abc import Iterable, Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.role import read_secrets
from lifeboat.settings import NeonSettings


def read_neon_keys(places: Iterable[NeonSettings], stack: Stack) -> Iterator[iam.PolicyStatement]:
    """Reading the API keys of these projects, each named once, and the use of their KMS keys.

    Args:
        places: `databases.neon` of the databases.
        stack: of the role.
    """
    known = tuple(places)
    keys = (key for each in known if (key := each.api_key_secret_key_arn) is not None)
    yield from read_secrets(
        "NeonKeys",
        dict.fromkeys(each.api_key_secret_arn for each in known),
        dict.fromkeys(keys),
        stack,
    )

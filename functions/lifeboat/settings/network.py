"""Settings of the network in which functions and jobs reach private databases."""

from typing import Annotated

from lifeboat.settings.fields import NON_EMPTY, SettingsModel, Switch, expects, matching


class NetworkSettings(SettingsModel):
    """Where the functions run if the databases are private.

    The subnets need a route to S3 and to the secrets: endpoints or a NAT gateway. Logs, the metrics
    in them and word of failures are sent by Lambda itself. Jobs run there too, and CodeBuild asks
    for a NAT gateway.
    """

    vpc_id: Annotated[str, matching(r"vpc-[0-9a-f]+"), expects("a vpc-... id")]
    """The VPC of the subnets."""

    availability_zones: Annotated[
        tuple[Annotated[str, matching(r"[a-z0-9-]+"), expects("the name of a zone")], ...],
        NON_EMPTY,
        expects("a list of the subnets' availability zones, such as ['eu-central-1a']"),
    ]
    """The zones of the subnets."""

    subnet_ids: Annotated[
        tuple[
            Annotated[str, matching(r"subnet-[0-9a-f]+"), expects("a subnet-... id")],
            ...,
        ],
        NON_EMPTY,
        expects("a list of subnet ids"),
    ]
    """Private subnets in which the functions get their network interfaces."""

    security_group_ids: Annotated[
        tuple[
            Annotated[str, matching(r"sg-[0-9a-f]+"), expects("an sg-... id")],
            ...,
        ],
        NON_EMPTY,
        expects("a list of security group ids"),
    ]
    """Security groups of the functions; the databases' groups must let them in."""

    ipv6: Switch = False
    """Whether functions may use IPv6, if the subnets are dual-stack."""

"""AWS's list prices, in US dollars and without free tiers or discounts.

There is one table for each region whose prices are known. For other regions the prices of us-east-1
are used, and the status says so. As of 2026-10-01.

S3: from copies of https://aws.amazon.com/s3/pricing/ and of AWS's own price list,
https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonS3/current/us-east-1/index.json
CodeBuild: from copies of https://aws.amazon.com/codebuild/pricing/, the newest of January 2026. The
prices of arm1.xlarge, arm1.2xlarge and general1.xlarge are those of ap-northeast-1, which costs no
less: no copy of us-east-1 had them.
Everything else: from copies of https://aws.amazon.com/lambda/pricing/,
https://aws.amazon.com/cloudwatch/pricing/ and https://aws.amazon.com/secrets-manager/pricing/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lifeboat.model.aws import Architecture
from lifeboat.model.engine import ComputeName

AS_OF = date(2026, 10, 1)
"""When the prices below were looked up."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The prices of one region.

    Attributes:
        region: its name.
        storage: dollars per GB and month, by storage class; for the first 50 TB.
        put: dollars per 1,000 PUT, POST or LIST requests on S3 Standard.
        transition: dollars per 1,000 moves by lifecycle rules, by the new storage class.
        get: dollars per 1,000 GET and all other requests.
        gb_second: dollars per second of a Lambda function with 1 GB of memory, by architecture.
        tmp_gb_second: dollars per second and GB of /tmp beyond the first half GB.
        invocation: dollars per 1,000 invocations.
        build_minute: dollars per minute of a CodeBuild machine, by architecture and size.
        alarm: dollars per month for a CloudWatch alarm of standard resolution.
        metric: dollars per month for a custom metric that is sent every hour; else in proportion.
        dashboard: dollars per month for a dashboard.
        secret: dollars per month for a secret in Secrets Manager.
    """

    region: str
    storage: Mapping[str, float]
    put: float
    transition: Mapping[str, float]
    get: float
    gb_second: Mapping[Architecture, float]
    tmp_gb_second: float
    invocation: float
    build_minute: Mapping[Architecture, Mapping[ComputeName, float]]
    alarm: float
    metric: float
    dashboard: float
    secret: float


US_EAST_1 = Prices(
    region="us-east-1",
    storage={
        "STANDARD": 0.023,
        "STANDARD_IA": 0.0125,
        "ONEZONE_IA": 0.01,
        "GLACIER_IR": 0.004,
        "GLACIER": 0.0036,
        "DEEP_ARCHIVE": 0.00099,
    },
    put=0.005,
    transition={
        "STANDARD_IA": 0.01,
        "ONEZONE_IA": 0.01,
        "GLACIER_IR": 0.02,
        "GLACIER": 0.03,
        "DEEP_ARCHIVE": 0.05,
    },
    get=0.0004,
    gb_second={"arm64": 0.0000133334, "x86_64": 0.0000166667},
    tmp_gb_second=0.0000000309,
    invocation=0.0002,
    build_minute={
        "arm64": {
            "small": 0.0034,
            "medium": 0.007,
            "large": 0.015,
            "xlarge": 0.08,
            "2xlarge": 0.12,
        },
        "x86_64": {
            "small": 0.005,
            "medium": 0.01,
            "large": 0.02,
            "xlarge": 0.1002,
            "2xlarge": 0.20,
        },
    },
    alarm=0.10,
    metric=0.30,
    dashboard=3.00,
    secret=0.40,
)

PRICES = {prices.region: prices for prices in (US_EAST_1,)}
"""Prices by region."""


def prices_in(region: str) -> Prices:
    """The region's own prices, or those of us-east-1 if unknown; `Prices.region` says which."""
    return PRICES.get(region, US_EAST_1)

"""The entry point of the function that makes branches in Neon for runs, and deletes them."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import json
import os
from datetime import UTC, datetime

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.model.branches import SECRETS_VARIABLE, parse_branch_request
from lifeboat.neon.api import NEON_API
from lifeboat.neon.policy.endpoint import TEST_API, api_of
from lifeboat.neon_broker.branch_secrets import BranchSecrets
from lifeboat.neon_broker.broker import Broker
from lifeboat.runtime.invocation import SHORT_TIMEOUTS, log_errors, seconds_left, secret_store
from lifeboat.settings import BrokerSettings

logger = Logger(service="lifeboat-neon-broker")

SAFE = "Existing backups and the database are untouched; what was made in Neon expires by itself."
"""What no failure of this function affects."""


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Make the branch of a run, or delete it: see `BranchRequest`. No answer has a password.

    Raises:
        LifeboatError: the run that has asked tells people, if they have to know.
    """
    asked = parse_branch_request(event)
    logger.append_keys(run_id=asked.run, database=asked.database)
    broker = Broker(
        settings=BrokerSettings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"]),
        secrets=secret_store(),
        branch_secrets=BranchSecrets(
            lambda: boto3.client("secretsmanager", config=SHORT_TIMEOUTS),
            json.loads(os.environ[SECRETS_VARIABLE]),
        ),
        remaining=seconds_left(context),
        now=datetime.now(UTC),
        logger=logger,
        base_url=api_of(os.environ.get(TEST_API)) or NEON_API,
    )
    return broker.carry_out(asked).as_json()

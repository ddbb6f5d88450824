"""The CDK app: `cdk synth`, `cdk deploy` and `cdk destroy` begin here (see cdk.json).

Its settings are in lifeboat.toml (infra/settings_file.py).
"""

import os
import sys
from datetime import UTC, datetime

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from infra.settings_file import installation
from infra.stack import Contents, LifeboatStack
from layers.code import function_code
from layers.postgres import client_layer, server_layer
from layers.python import dependency_layer
from lifeboat.errors import NOTHING_DEPLOYED, LifeboatError
from lifeboat.settings import Deployment, parse
from lifeboat.settings.warnings import warnings


def main() -> None:
    """Synthesize the stack for the account and region that the CDK CLI has found out."""
    app = App()
    today = datetime.now(UTC).date()
    deployment = Deployment(
        account=os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=os.environ.get("CDK_DEFAULT_REGION"),
        today=today,
    )
    wanted = installation(app.node.get_all_context())
    settings = parse(wanted.context, source=wanted.source, deployment=deployment)
    if wanted.warning:
        print(f"Warning: {wanted.warning}", file=sys.stderr)  # noqa: T201
    stack = LifeboatStack(
        app,
        wanted.stack,
        settings=settings,
        contents=Contents(
            code=function_code(),
            client=client_layer(settings.architecture),
            server=server_layer(settings.architecture),
            python=dependency_layer(settings.architecture),
        ),
        env=Environment(account=deployment.account, region=deployment.region),
    )
    for number, warning in enumerate(warnings(settings, today=today)):
        Validations.of(stack).add_warning(f"lifeboat-{number}", warning)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except LifeboatError as error:
        sys.exit(str(error.ending(NOTHING_DEPLOYED)))

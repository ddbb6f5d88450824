"""The restore function's entry point: only people invoke it, and it answers with a plan first."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
from datetime import UTC, datetime
from functools import partial

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.policy.failures import restore_message
from lifeboat.alerts.wiring import run_reporter
from lifeboat.errors import EventError, RefusedError
from lifeboat.model.engine import Engine
from lifeboat.postgres.login import read_login
from lifeboat.postgres.programs import Programs
from lifeboat.restore.dispatch import restore
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.run import RestoreRun
from lifeboat.runtime.hand_over import engine
from lifeboat.runtime.invocation import as_lifeboat_error, log_errors, seconds_left, secret_store
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import Vault, s3_client
from lifeboat.settings import Settings

logger = Logger(service="lifeboat-restore")


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=RestoreRun.SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Answer what a person asks: `{"action": "list", "database": "app"}` is where to begin.

    Without `"execute": true` the answer is a plan and the exact event that carries it out.

    Raises:
        LifeboatError: it was not done, or not to the end; says what is safe and what to do next.
            People are told of one that was to be carried out and was not merely refused.
    """
    asked = parse_restore_event(event)
    settings = Settings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    settings = settings.of_database(asked.database)
    if engine() is Engine.JOB:
        settings = settings.for_job("restore")
    logger.append_keys(run_id=context.aws_request_id, database=asked.database)
    logger.info("restore.started", extra={"event": asked.with_changes(execute=asked.execute)})
    run = RestoreRun(
        event=asked,
        run_id=context.aws_request_id,
        started=datetime.now(UTC).replace(microsecond=0),
        settings=settings,
        vault=Vault(s3_client(), os.environ["LIFEBOAT_VAULT"]),
        programs=Programs.of_environment(),
        read_login=partial(read_login, secret_store()),
        remaining=seconds_left(context),
        memory_mb=int(context.memory_limit_in_mb),
        progress=logged_progress(logger),
    )
    try:
        answer = restore(run)
    except (EventError, RefusedError):
        raise  # nothing was begun, and whoever asked reads why
    except Exception as error:
        if asked.execute:
            reporter = run_reporter(settings, run.vault, "restore", context, logger)
            said, now = as_lifeboat_error(error, context, safe=RestoreRun.SAFE), datetime.now(UTC)
            reporter.notify(
                lambda: restore_message(
                    asked.database, said, run.started, reporter.installation, now
                )
            )
        raise
    logger.info("restore.finished", extra={"answer": answer.as_logged()})
    return answer.as_json()

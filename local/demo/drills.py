"""The drill in the demo: the newest backup is restored inside a function, and judged."""

from lifeboat.model.drill_report import DrillReport, Verdict
from local.demo.environment import DemoEnvironment, DemoError, console, step
from local.tables import drill_summary

FUNCTION = "Lifeboat-drill-app"


def drill(environment: DemoEnvironment) -> None:
    """Hold a drill and print its report.

    Raises:
        DemoError: the backup is not proven.
    """
    with step(f"A restore drill in a PostgreSQL of its own: aws lambda invoke {FUNCTION}"):
        said = environment.invoke(FUNCTION, {"database": "app"})
    key = said["report"].removeprefix(f"s3://{environment.vault}/")
    report = DrillReport.from_json(environment.read(key), key=key)
    console.print(drill_summary(report))
    if report.verdict is not Verdict.PROVEN:
        raise DemoError(
            f"The drill says {report.verdict}: {'; '.join(report.reasons)}",
            todo="Report it with the lines above.",
        )

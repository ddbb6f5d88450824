"""The drill in the demo: the newest backup is restored inside a function, and judged."""

from lifeboat.model.drill_report import DrillReport, Verdict
from local.demo.scene import DemoError, Scene, console, step
from local.tables import drilled

FUNCTION = "Lifeboat-drill-app"


def drill(scene: Scene) -> None:
    """Hold a drill and print its report.

    Raises:
        DemoError: the backup is not proven.
    """
    with step(f"A restore drill in a PostgreSQL of its own: aws lambda invoke {FUNCTION}"):
        said = scene.invoke(FUNCTION, {"database": "app"})
    key = said["report"].removeprefix(f"s3://{scene.vault}/")
    report = DrillReport.from_json(scene.read(key), key=key)
    console.print(drilled(report))
    if report.verdict is not Verdict.PROVEN:
        raise DemoError(
            f"The drill says {report.verdict}: {'; '.join(report.reasons)}",
            todo="Report it with the lines above.",
        )

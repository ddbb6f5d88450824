"""Writes metrics into a function's log, in the format that CloudWatch extracts metrics from."""

from collections.abc import Iterable
from itertools import groupby

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from lifeboat.model.metrics import ARCHIVE_BYTES, RTO_MARGIN, MetricValue

_UNITS = {ARCHIVE_BYTES: MetricUnit.Bytes, RTO_MARGIN: MetricUnit.Seconds}


def emit_metrics(figures: Iterable[MetricValue]) -> None:
    """Write figures, with a database's name as dimension. Without figures, write no line."""
    for database, own in groupby(figures, lambda figure: figure.database):
        metrics = EphemeralMetrics()
        if database is not None:
            metrics.add_dimension("Database", database)
        for each in own:
            metrics.add_metric(each.name, _UNITS.get(each.name, MetricUnit.NoUnit), each.value)
        metrics.flush_metrics()

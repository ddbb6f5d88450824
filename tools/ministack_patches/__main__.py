"""`python -m tools.ministack_patches [GAP ...]`: run ministack; the gaps named stay open."""

import sys
from collections.abc import Callable

from ministack import app  # type: ignore[import-not-found]

from tools.ministack_patches import (
    alarms,
    buckets,
    build_events,
    builds,
    functions,
    gateway,
    metrics,
    parameters,
    runs,
    schedules,
    stacks,
    subscriptions,
)

GAPS: tuple[Callable[[], None], ...] = (
    gateway.own_port_only,
    functions.zip_modes,
    functions.layers_unpacked_once,
    functions.clean_environment,
    functions.kill_descendants,
    functions.error_types,
    runs.request_ids,
    runs.running_logs,
    buckets.multipart_retention,
    buckets.smallest_part,
    buckets.versioned_ranges,
    buckets.thawed_versions,
    buckets.missing_keys,
    buckets.retention_permission,
    buckets.conditional_writes,
    parameters.parameters_by_arn,
    parameters.parameters_decrypted,
    stacks.bucket_properties,
    stacks.function_properties,
    stacks.schedule_properties,
    stacks.project_properties,
    schedules.schedule_delivery,
    metrics.embedded_metrics,
    metrics.function_metrics,
    alarms.alarm_evaluation,
    alarms.alarm_delivery,
    subscriptions.mail_confirmations,
    builds.running_builds,
    builds.build_permissions,
    builds.log_permissions,
    build_events.build_events,
)


def main() -> None:
    """Close the gaps that argv doesn't name, then serve until the end."""
    left_open = set(sys.argv[1:])
    if unknown := left_open - {close.__name__ for close in GAPS}:
        sys.exit(f"unknown gaps: {', '.join(sorted(unknown))}")
    for close in GAPS:
        if close.__name__ not in left_open:
            close()
    sys.argv[1:] = []  # ministack reads them too
    app.main()


if __name__ == "__main__":
    main()

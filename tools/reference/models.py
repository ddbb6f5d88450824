"""What the reference describes: every event, every answer and every stored document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from lifeboat.alerts.policy.silences import Silences
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.backup.policy import event as backup
from lifeboat.backup.policy.answer import BackupAnswer
from lifeboat.drill.policy import event as drill
from lifeboat.drill.policy.answer import DrillAnswer
from lifeboat.model.answers import ErrorAnswer
from lifeboat.model.attempt import Attempt
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.manifest import Manifest
from lifeboat.model.provider import ProviderReport
from lifeboat.monitor.policy import event as monitor_event
from lifeboat.monitor.policy.event import MonitorEvent
from lifeboat.monitor.policy.evidence import EvidenceRecord, MonthEvidence
from lifeboat.monitor.policy.evidence_answer import EvidenceAnswer
from lifeboat.monitor.policy.silence_answer import SilenceAnswer
from lifeboat.monitor.policy.status import Status
from lifeboat.neon_restore.policy import event as neon_restore
from lifeboat.neon_restore.policy.answers import NeonRestorePlan, NeonRestoreResult
from lifeboat.neon_restore.policy.record import NeonPlan, NeonRestoreReport
from lifeboat.restore.policy import event as restore
from lifeboat.restore.policy.answers import (
    BackupList,
    ExportResult,
    LoadResult,
    RestorePlan,
    RestoreResult,
    TableList,
    ThawResult,
)
from lifeboat.restore.policy.database_answers import DatabaseList, SwapPlan, SwapResult
from lifeboat.restore.policy.report import RestoreReport

type RestoreAnswers = (
    BackupList
    | TableList
    | RestorePlan
    | RestoreResult
    | LoadResult
    | SwapPlan
    | SwapResult
    | DatabaseList
    | ExportResult
    | ThawResult
)


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function, and what it is asked and answers.

    Attributes:
        name: as in docs/events, such as "backup".
        deployed: its name in AWS.
        event: the model of its event.
        may_be: what the value of each key of the event may be, in words.
        answers: the models of its answers.
    """

    name: str
    deployed: str
    event: type
    may_be: Mapping[str, str]
    answers: tuple[type, ...]


FUNCTIONS = (
    Function(
        name="backup",
        deployed="<stack>-backup-<database>",
        event=backup.BackupEvent,
        may_be=backup.MAY_BE,
        answers=(BackupAnswer, HandOverAnswer),
    ),
    Function(
        name="drill",
        deployed="<stack>-drill-<database>",
        event=drill.DrillEvent,
        may_be=drill.MAY_BE,
        answers=(DrillAnswer, HandOverAnswer),
    ),
    Function(
        name="restore",
        deployed="<stack>-restore",
        event=restore.RestoreEvent,
        may_be=restore.MAY_BE,
        answers=(
            BackupList,
            TableList,
            RestorePlan,
            RestoreResult,
            LoadResult,
            SwapPlan,
            SwapResult,
            DatabaseList,
            ExportResult,
            ThawResult,
            HandOverAnswer,
        ),
    ),
    Function(
        name="neon-restore",
        deployed="<stack>-neon-restore",
        event=neon_restore.NeonRestoreEvent,
        may_be=neon_restore.MAY_BE,
        answers=(NeonRestorePlan, NeonRestoreResult),
    ),
    Function(
        name="monitor",
        deployed="<stack>-monitor",
        event=MonitorEvent,
        may_be=monitor_event.EXPECTED,
        answers=(Status, SilenceAnswer, EvidenceAnswer),
    ),
)

ANSWERS: Mapping[str, TypeAdapter[Any]] = {
    "backup": TypeAdapter(BackupAnswer | HandOverAnswer),
    "drill": TypeAdapter(DrillAnswer | HandOverAnswer),
    "restore": TypeAdapter(RestoreAnswers | HandOverAnswer),
    "neon-restore": TypeAdapter(NeonRestorePlan | NeonRestoreResult),
    "monitor": TypeAdapter(Status | SilenceAnswer | EvidenceAnswer),
    "error": TypeAdapter(ErrorAnswer),
}
"""Each function's answers, by its name; and what comes in their place when it fails."""

DOCUMENTS: Mapping[str, type] = {
    "manifest": Manifest,
    "drill-report": DrillReport,
    "restore-report": RestoreReport,
    "attempt": Attempt,
    "provider-report": ProviderReport,
    "neon-plan": NeonPlan,
    "neon-restore-report": NeonRestoreReport,
    "monitor-state": MonitorState,
    "monitor-silences": Silences,
    "monitor-evidence": EvidenceRecord,
    "evidence": MonthEvidence,
}
"""What lies in the bucket as JSON."""

PLACES: Mapping[str, str] = {
    "manifest": "`<tier>/<database>/<time>/manifest.json`",
    "drill-report": "`drills/<database>/<time>.json`",
    "restore-report": "`restores/<database>/<time>.json`",
    "attempt": "`attempts/<database>.json`, `attempts/<database>.drill.json` and"
    " `attempts/<database>.restore.json`",
    "provider-report": "`providers/<database>.json`",
    "neon-plan": "`providers/<database>.restore.json`",
    "neon-restore-report": "`restores/<database>/neon/<time>.json`",
    "monitor-state": "`monitor/state.json`",
    "monitor-silences": "`monitor/silences.json`",
    "monitor-evidence": "`monitor/evidence.json`",
    "evidence": "`evidence/<month>.json`",
}
"""Where each kind of document is in the bucket."""

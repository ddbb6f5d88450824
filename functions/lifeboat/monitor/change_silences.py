"""Mutes, unmutes and acknowledges findings, as a person asks."""

from datetime import datetime

from lifeboat.alerts.policy.silences import Silences
from lifeboat.errors import StateError
from lifeboat.monitor.policy.event import Action, MonitorEvent
from lifeboat.monitor.policy.silence_answer import SilenceAnswer, silenced
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.monitor.state_store import load_silences, save
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import WatchedSettings


def change_silences(
    bucket: BackupBucket,
    settings: WatchedSettings,
    event: MonitorEvent,
    budget: RequestBudget,
    now: datetime,
) -> SilenceAnswer:
    """Do what the event asks for, and answer what is muted now.

    Args:
        bucket: with the backups.
        settings: of the monitor.
        event: a valid request to mute, unmute or acknowledge.
        budget: of requests.
        now: when it is asked.

    Raises:
        EventError: there is no such database.
        StorageError: S3 refused or failed; then nothing has changed.
        StateError: the list of what is muted is damaged. To mute again writes a new one.
    """
    try:
        before = load_silences(bucket, budget)
    except StateError:
        if event.action is not Action.MUTE:
            raise
        before = Silences()
    after, answer = silenced(before, event, settings, now)
    save(bucket, after, settings)
    return answer

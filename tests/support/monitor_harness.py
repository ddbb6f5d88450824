"""A monitor without a bucket: it looks at facts, tells, and remembers as the real one does."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.monitor.policy.checks.topic import without_unheard
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import Facts, Unknown
from lifeboat.monitor.policy.first_known import knowing, with_known
from lifeboat.monitor.policy.notifications import notifications_of
from lifeboat.monitor.policy.resolution import Resolution, resolution_of
from lifeboat.settings import WatchedSettings


@dataclass
class Monitor:
    """The monitor's memory, and what it did at each look.

    Attributes:
        settings: what should be.
        state: its memory; None before the first look.
        webhook: its messages go there as well as to the topic.
        lost: there was a memory, and the next look can't read it.
        findings: of the last look.
        told: (kind, code) of each message of the last look.
    """

    settings: WatchedSettings
    state: MonitorState | None = None
    lost: bool = False
    webhook: bool = False
    findings: tuple[Finding, ...] = ()
    told: list[tuple[str, str]] = field(default_factory=list)

    def look(self, seen: Facts, now: datetime) -> "Monitor":
        memory = None if self.lost else self.state
        facts = with_known(seen, memory, self.settings, now, lost=self.lost)
        self.findings = findings = evaluate(facts, self.settings, now)

        def resolution(told: SentAlert) -> Resolution:
            return resolution_of(told, findings, facts, self.settings, now)

        before = without_unheard(memory, facts.topic, findings)
        fresh = notifications_of(
            before, findings, now, installation=facts.installation, resolution=resolution
        )
        topic = facts.topic
        heard = self.webhook or isinstance(topic, Unknown) or topic.has_subscriber
        state = fresh.state if heard else before or MonitorState()
        self.state, self.lost = knowing(state, facts), False
        # What is stored is what the next look reads.
        self.state = MonitorState.from_json(self.state.to_json())
        self.told = [(each.attributes["kind"], each.attributes["code"]) for each in fresh.messages]
        return self

    def copy(self, *, lost: bool) -> "Monitor":
        """The same monitor, perhaps without its memory."""
        return replace(self, lost=lost)

    @property
    def recoveries(self) -> list[str]:
        """The codes of what was told as right again."""
        return [code for kind, code in self.told if kind == "resolved"]

    def level(self, code: str) -> Level | None:
        """The level of the finding of that code."""
        levels = [each.level for each in self.findings if each.code == code]
        return min(levels, key=list(Level).index, default=None)

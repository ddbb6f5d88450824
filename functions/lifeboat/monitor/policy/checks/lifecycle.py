"""Whether the bucket's lifecycle rules, which alone delete and move backups, do as they should.

What counts is what the rules together do to a tier, not what they are called or how many they are.
"""

from collections.abc import Iterable, Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.facts import LifecycleRule
from lifeboat.settings import TierRetention, WatchedSettings

_QUESTION = "get-bucket-lifecycle-configuration"


def lifecycle_findings(
    rules: tuple[LifecycleRule, ...], settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    """What deletes or moves backups otherwise than the settings say."""
    enabled = [rule for rule in rules if rule.enabled]
    for tier in Tier:
        kept = settings.retention.of(tier)
        touching = [rule for rule in enabled if _touches(rule, f"{tier}/")]
        covering = [rule for rule in touching if _covers(rule, f"{tier}/")]
        yield from _expires_early(tier, kept, touching, commands)
        problems = [*_too_late(kept, covering), *_moved(kept, touching, covering)]
        if problems:
            yield _differs(tier, f"{tier} backups: {'; '.join(problems)}.", commands)
    yield from _sweep(enabled, commands)


def _touches(rule: LifecycleRule, prefix: str) -> bool:
    """Whether it is for some of the objects under the prefix."""
    return rule.prefix.startswith(prefix) or prefix.startswith(rule.prefix)


def _covers(rule: LifecycleRule, prefix: str) -> bool:
    """Whether it is for all of them, whatever their size."""
    return prefix.startswith(rule.prefix) and not rule.narrowed


def _expires_early(
    tier: Tier, kept: TierRetention, touching: Iterable[LifecycleRule], commands: Commands
) -> Iterator[Finding]:
    early = [
        f"rule '{rule.id}' (prefix '{rule.prefix}') after {rule.expire_days} days"
        for rule in touching
        if rule.expire_days is not None and (kept.days is None or rule.expire_days < kept.days)
    ]
    if early:
        yield Finding(
            code=Code.EXPIRES_EARLY,
            level=Level.CRITICAL,
            subject=tier.value,
            headline=f"deletes {tier} backups too early",
            fact=f"The bucket deletes {tier} backups by {', '.join(sorted(early))}.",
            limit=f"{kept.days or 'forever'} (retention.{tier}.days)",
            safe="Object Lock, where it is on, holds each version to the end of its lock behind the"
            " delete marker.",
            advice=(
                f"Look at the rules: {commands.bucket(_QUESTION)}",
                f"Bring back the stack's own rules at once, in its checkout: {commands.revert()}",
            ),
        )


def _too_late(kept: TierRetention, covering: Iterable[LifecycleRule]) -> Iterator[str]:
    ends = [rule.expire_days for rule in covering if rule.larger_than is None]
    known = [days for days in ends if days is not None]
    if kept.days is not None and (not known or min(known) > kept.days):
        when = f"deleted after {min(known)} days" if known else "never deleted"
        yield f"{when} instead of after {kept.days} days"


def _moved(
    kept: TierRetention, touching: Iterable[LifecycleRule], covering: Iterable[LifecycleRule]
) -> Iterator[str]:
    moves = sorted({move for rule in touching for move in rule.transitions})
    wanted = (kept.hot_days, kept.storage_class)
    for days, storage_class in moves:
        if kept.storage_class == "STANDARD" or days < kept.hot_days:
            yield f"moved to {storage_class} after {days} days, which delays their recovery"
    there = {move for rule in covering for move in rule.transitions}
    if kept.storage_class != "STANDARD" and wanted not in there:
        yield f"not moved to {kept.storage_class} after {kept.hot_days} days"


def _sweep(enabled: Iterable[LifecycleRule], commands: Commands) -> Iterator[Finding]:
    everywhere = [rule for rule in enabled if _covers(rule, "") and rule.larger_than is None]
    problems = []
    if all(rule.noncurrent_days is None for rule in everywhere):
        problems.append("versions that are no longer current are never deleted")
    if all(rule.abort_days is None for rule in everywhere):
        problems.append("unfinished uploads are never aborted")
    if problems:
        yield _differs("sweep", f"In the whole bucket: {'; '.join(problems)}.", commands)


def _differs(subject: str, fact: str, commands: Commands) -> Finding:
    return Finding(
        code=Code.LIFECYCLE,
        level=Level.WARNING,
        subject=subject,
        headline="has other lifecycle rules than the settings say",
        fact=fact,
        limit="retention",
        safe="Nothing is deleted early by that.",
        advice=(
            f"Look at the rules: {commands.bucket(_QUESTION)}",
            f"Bring back the stack's own rules, in its checkout: {commands.revert()}",
        ),
    )

"""Checks the bucket's lifecycle rules: nothing else deletes or moves backups.

The combined effect of all rules on a tier counts, not their names or their number.
"""

from collections.abc import Iterable, Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.steps import Step
from lifeboat.model.tiers import Tier
from lifeboat.settings import WatchedSettings
from lifeboat.settings.lifecycle import lifecycle_rules

_QUESTION = "get-bucket-lifecycle-configuration"


def lifecycle_findings(
    rules: tuple[LifecycleRule, ...], settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    """What deletes or moves backups unlike the settings."""
    enabled = [rule for rule in rules if rule.enabled]
    wanted = lifecycle_rules(settings)
    for tier in Tier:
        prefix = f"{tier}/"
        should = [rule for rule in wanted if _covers(rule, prefix)]
        touching = [rule for rule in enabled if _touches(rule, prefix)]
        covering = [rule for rule in touching if _covers(rule, prefix)]
        yield from _expires_early(tier, _end(should), touching, commands)
        problems = [
            *_too_late(_end(should), _end(covering)),
            *_moved(_moves(should), touching, covering),
        ]
        if problems:
            yield _differs(tier, f"{tier} backups: {'; '.join(problems)}.", commands)
    yield from _sweep(enabled, commands)


def _touches(rule: LifecycleRule, prefix: str) -> bool:
    """Whether it applies to some of the objects under the prefix."""
    return rule.prefix.startswith(prefix) or prefix.startswith(rule.prefix)


def _covers(rule: LifecycleRule, prefix: str) -> bool:
    """Whether it applies to all of them, of any size."""
    return prefix.startswith(rule.prefix) and not rule.narrowed


def _end(rules: Iterable[LifecycleRule]) -> int | None:
    """Days after which they delete objects of any size; None: never."""
    ends = (rule.expire_days for rule in rules if rule.larger_than is None)
    return min((days for days in ends if days is not None), default=None)


def _moves(rules: Iterable[LifecycleRule]) -> set[tuple[int, str]]:
    """Days after which they move objects, and the new storage class."""
    return {move for rule in rules for move in rule.transitions}


def _expires_early(
    tier: Tier, end: int | None, touching: Iterable[LifecycleRule], commands: Commands
) -> Iterator[Finding]:
    early = [
        f"rule '{rule.id}' (prefix '{rule.prefix}') after {rule.expire_days} days"
        for rule in touching
        if rule.expire_days is not None and (end is None or rule.expire_days < end)
    ]
    if early:
        yield Finding(
            code=Code.EXPIRES_EARLY,
            level=Level.CRITICAL,
            subject=tier.value,
            headline=f"deletes {tier} backups too early",
            fact=f"The bucket deletes {tier} backups by {', '.join(sorted(early))}.",
            limit=f"{end or 'forever'} (retention.{tier}.days)",
            safe="Object Lock, if it is on, keeps each version behind the delete marker until its"
            " lock ends.",
            advice=(
                Step("Show the rules", commands.bucket(_QUESTION)),
                Step("Restore the stack's rules at once, in its checkout", commands.revert()),
            ),
        )


def _too_late(end: int | None, found: int | None) -> Iterator[str]:
    if end is not None and (found is None or found > end):
        when = "never deleted" if found is None else f"deleted after {found} days"
        yield f"{when} instead of after {end} days"


def _moved(
    wanted: set[tuple[int, str]],
    touching: Iterable[LifecycleRule],
    covering: Iterable[LifecycleRule],
) -> Iterator[str]:
    hot_days = min((days for days, _ in wanted), default=None)
    for days, storage_class in sorted(_moves(touching)):
        if hot_days is None or days < hot_days:
            yield f"moved to {storage_class} after {days} days, which delays restores"
    for days, storage_class in sorted(wanted - _moves(covering)):
        yield f"not moved to {storage_class} after {days} days"


def _sweep(enabled: Iterable[LifecycleRule], commands: Commands) -> Iterator[Finding]:
    everywhere = [rule for rule in enabled if _covers(rule, "") and rule.larger_than is None]
    problems = []
    if all(rule.noncurrent_days is None for rule in everywhere):
        problems.append("noncurrent versions are never deleted")
    if all(rule.abort_days is None for rule in everywhere):
        problems.append("unfinished uploads are never aborted")
    if problems:
        yield _differs("sweep", f"In the whole bucket: {'; '.join(problems)}.", commands)


def _differs(subject: str, fact: str, commands: Commands) -> Finding:
    return Finding(
        code=Code.LIFECYCLE_DRIFT,
        level=Level.WARNING,
        subject=subject,
        headline="has lifecycle rules unlike the settings",
        fact=fact,
        limit="retention",
        safe="This deletes nothing too early.",
        advice=(
            Step("Show the rules", commands.bucket(_QUESTION)),
            Step("Restore the stack's rules, in its checkout", commands.revert()),
        ),
    )

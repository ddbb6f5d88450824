"""Checks the bucket's configuration against the stack's."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.model.steps import Step, plain_steps
from lifeboat.monitor.policy.checks.lifecycle import lifecycle_findings
from lifeboat.monitor.policy.facts import BucketFacts, PublicAccessBlock, Unknown
from lifeboat.settings import WatchedSettings


def bucket_findings(
    bucket: BucketFacts, settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    """What differs from the settings, and what could not be read."""
    for name in BucketFacts.__dataclass_fields__:
        part = getattr(bucket, name)
        if isinstance(part, Unknown):
            yield _incomplete(name, part)
    if not isinstance(bucket.lifecycle, Unknown):
        yield from lifecycle_findings(bucket.lifecycle, settings, commands)
    yield from _versioning(bucket, commands)
    yield from _object_lock(bucket, settings, commands)
    yield from _encryption(bucket, settings, commands)
    yield from _public_access(bucket, commands)


def _incomplete(name: str, part: Unknown) -> Finding:
    return Finding(
        code=Code.CHECK_INCOMPLETE,
        level=Level.WARNING,
        subject=f"bucket: {name}",
        headline=f"has an unreadable {name.replace('_', ' ')} setting",
        fact=part.why,
        safe="Backups are checked as usual; only this part of the bucket's configuration is not.",
        advice=plain_steps(part.todo),
    )


def _versioning(bucket: BucketFacts, commands: Commands) -> Iterator[Finding]:
    if bucket.versioning is False:
        yield Finding(
            code=Code.VERSIONING_DISABLED,
            level=Level.CRITICAL,
            headline="has versioning disabled",
            fact="Versioning is off in the bucket: deleted or overwritten objects are lost.",
            limit="versioning on, always",
            safe="The objects in the bucket, as long as nobody deletes them.",
            advice=_look_and_revert(commands, "get-bucket-versioning"),
        )


def _object_lock(
    bucket: BucketFacts, settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    if bucket.object_lock is False and settings.object_lock != "off":
        yield Finding(
            code=Code.OBJECT_LOCK_DISABLED,
            level=Level.CRITICAL,
            headline="has Object Lock disabled",
            fact="Object Lock is off in the bucket: whoever may delete objects can delete backups"
            " too early.",
            limit=f"{settings.object_lock} (object_lock)",
            safe="Lifeboat's own roles cannot delete backups.",
            advice=_look_and_revert(commands, "get-object-lock-configuration"),
        )


def _encryption(
    bucket: BucketFacts, settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    found = bucket.encryption
    if isinstance(found, Unknown):
        return
    wanted = ("aws:kms", settings.kms_key) if settings.kms_key else ("AES256", None)
    if found is None or (found.algorithm, found.key) != wanted:
        has = "none" if found is None else f"{found.algorithm} {found.key or ''}".strip()
        yield Finding(
            code=Code.ENCRYPTION_DRIFT,
            level=Level.WARNING,
            headline="has a default encryption unlike the settings",
            fact=f"The bucket's default encryption is {has}; the settings want"
            f" {wanted[0]}{f' with {wanted[1]}' if wanted[1] else ''}.",
            limit=f"{settings.encryption} (encryption)",
            safe="Each backup sets its own encryption as in the settings. The default applies"
            " only to objects of others.",
            advice=_look_and_revert(commands, "get-bucket-encryption"),
        )


def _public_access(bucket: BucketFacts, commands: Commands) -> Iterator[Finding]:
    found = bucket.public_access
    if isinstance(found, Unknown):
        return
    off = [name for name in PublicAccessBlock.__dataclass_fields__ if not getattr(found, name)]
    if off:
        yield Finding(
            code=Code.PUBLIC_ACCESS_UNBLOCKED,
            level=Level.CRITICAL,
            headline="has its public access block switched off",
            fact=f"These parts of the bucket's public access block are off: {', '.join(off)}.",
            limit="all four switches on, always",
            safe="The bucket is public only if a policy or an ACL also allows it.",
            advice=(
                Step(
                    "See whether the bucket is public", commands.bucket("get-bucket-policy-status")
                ),
                *_look_and_revert(commands, "get-public-access-block"),
            ),
        )


def _look_and_revert(commands: Commands, question: str) -> tuple[Step, ...]:
    return (
        Step("Show it", commands.bucket(question)),
        Step("Restore the stack's configuration, in its checkout", commands.revert()),
    )

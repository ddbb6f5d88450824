"""Whether the bucket itself is still what the stack made of it."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.commands import Commands
from lifeboat.monitor.policy.checks.lifecycle import lifecycle_findings
from lifeboat.monitor.policy.facts import BucketFacts, PublicAccessBlock, Unknown
from lifeboat.settings import WatchedSettings


def bucket_findings(
    bucket: BucketFacts, settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    """What is unlike the settings, and what could not be seen of the bucket."""
    for name in BucketFacts.__dataclass_fields__:
        part = getattr(bucket, name)
        if isinstance(part, Unknown):
            yield _not_seen(name, part)
    if not isinstance(bucket.lifecycle, Unknown):
        yield from lifecycle_findings(bucket.lifecycle, settings, commands)
    yield from _versioning(bucket, commands)
    yield from _object_lock(bucket, settings, commands)
    yield from _encryption(bucket, settings, commands)
    yield from _public_access(bucket, commands)


def _not_seen(name: str, part: Unknown) -> Finding:
    return Finding(
        code=Code.NOT_SEEN,
        level=Level.WARNING,
        subject=f"bucket: {name}",
        headline=f"did not let its {name.replace('_', ' ')} be seen",
        fact=part.why,
        safe="Backups are judged as usual; only this part of the bucket's configuration is not.",
        advice=(part.todo,),
    )


def _versioning(bucket: BucketFacts, commands: Commands) -> Iterator[Finding]:
    if bucket.versioning is False:
        yield Finding(
            code=Code.VERSIONING,
            level=Level.CRITICAL,
            headline="keeps no versions",
            fact="The bucket does not keep versions: what is deleted or overwritten is lost.",
            limit="versioning on, always",
            safe="What lies there now, as long as nobody deletes it.",
            advice=_look_and_revert(commands, "get-bucket-versioning"),
        )


def _object_lock(
    bucket: BucketFacts, settings: WatchedSettings, commands: Commands
) -> Iterator[Finding]:
    if bucket.object_lock is False and settings.object_lock != "off":
        yield Finding(
            code=Code.OBJECT_LOCK,
            level=Level.CRITICAL,
            headline="has no Object Lock",
            fact="Object Lock is off in the bucket, so backups can be deleted before their time"
            " by whoever may delete objects.",
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
            code=Code.ENCRYPTION,
            level=Level.WARNING,
            headline="has another encryption than the settings say",
            fact=f"The bucket's default encryption is {has}; the settings want"
            f" {wanted[0]}{f' with {wanted[1]}' if wanted[1] else ''}.",
            limit=f"{settings.encryption} (encryption)",
            safe="Backups ask for the encryption of the settings themselves, each object on its"
            " own; the bucket's default is for whatever else is put there.",
            advice=_look_and_revert(commands, "get-bucket-encryption"),
        )


def _public_access(bucket: BucketFacts, commands: Commands) -> Iterator[Finding]:
    found = bucket.public_access
    if isinstance(found, Unknown):
        return
    off = [name for name in PublicAccessBlock.__dataclass_fields__ if not getattr(found, name)]
    if off:
        yield Finding(
            code=Code.PUBLIC_ACCESS,
            level=Level.CRITICAL,
            headline="could be opened to the public",
            fact=f"Switched off in the bucket's public access block: {', '.join(off)}.",
            limit="all four switches on, always",
            safe="That alone opens nothing; a policy or an ACL would have to.",
            advice=(
                f"See whether it is open: {commands.bucket('get-bucket-policy-status')}",
                *_look_and_revert(commands, "get-public-access-block"),
            ),
        )


def _look_and_revert(commands: Commands, question: str) -> tuple[str, ...]:
    return (
        f"Look at it: {commands.bucket(question)}",
        f"Bring back what the stack made of it, in its checkout: {commands.revert()}",
    )

"""Try Lifeboat in a real AWS account: deploy a stack of its own, check, and take it away.

`make smoke` explains what it will do and asks before it costs anything.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import LifeboatError
from lifeboat.settings import parse
from tests.smoke.account import REPOSITORY, Account
from tests.smoke.checks import BY_HAND, CHECKS, Check
from tests.smoke.seen import Seen

PASSED, FAILED, REFUSED = 0, 1, 2
COST = "less than $2: functions, requests, metrics and alarms of some hours, locked objects of days"
USUAL = "Lifeboat"
"""The name of a stack that is in use; it is never tried on."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    names = [check.name for check in CHECKS]
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--yes", action="store_true", help="don't ask (needed without a terminal)")
    parser.add_argument("--keep", action="store_true", help="leave the stack at the end")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CHECK")
    parser.add_argument("--skip", nargs="+", choices=names, default=[], metavar="CHECK")
    parser.add_argument("--key", metavar="ARN", help="a KMS key, for the check former-key")
    parser.add_argument(
        "--neon", action="store_true", help="the database has databases.neon: also neon, neon-plan"
    )
    parser.add_argument("--stack", default="LifeboatSmoke", help="its name; must not exist yet")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args(argv)
    if asked.stack == USUAL:
        parser.error(f"--stack {USUAL} is the name of the one in use: choose another")
    return asked


def chosen(asked: argparse.Namespace) -> list[Check]:
    """The checks to run, in their order."""
    names = set(asked.only) - set(asked.skip)
    given = {"key": bool(asked.key), "neon": asked.neon}
    return [
        check
        for check in CHECKS
        if check.name in names and all(given[need] for need in given if getattr(check, need))
    ]


def plan(asked: argparse.Namespace, where: str) -> str:
    """What will be done, for how long, and what that costs."""
    checks = chosen(asked)
    lines = [f"In {where}, as stack {asked.stack}:", "  deploy: makes the stack (10 min)"]
    lines += [f"  {each.name}: {each.does} ({each.minutes} min)" for each in checks]
    end = "leaves the stack (--keep)" if asked.keep else "deletes the stack; its bucket stays"
    minutes = sum(each.minutes for each in checks) + 20
    lines += [f"  clean-up: {end}", f"About {minutes} minutes, {COST}."]
    left = [each.name for each in CHECKS if each not in checks]
    lines += [f"Not run: {', '.join(left)}."] if left else []
    return "\n".join([*lines, "By hand, afterwards:", *(f"  - {each}" for each in BY_HAND)])


def agreed(asked: argparse.Namespace, account: str) -> bool:
    """Whether somebody has said yes: by an option, or by typing the account's id."""
    if asked.yes:
        return True
    if not sys.stdin.isatty():
        print("Nothing was done. Nobody is here to ask: give --yes.", file=sys.stderr)
        return False
    return input(f"Type {account} to go on: ").strip() == account


def first_database(given: Sequence[str]) -> str:
    """The name of the first database in the settings, which is the one that is tried.

    Args:
        given: each `key=value` of the command line.

    Raises:
        LifeboatError: there are no settings, or they can't be used.
    """
    from infra.command_line import cdk_json
    from infra.settings_file import installation

    context = {
        **cdk_json(REPOSITORY)["context"],
        **dict(each.partition("=")[::2] for each in given),
    }
    found = installation({"stack_name": USUAL, **context}, directory=REPOSITORY)
    return parse(found.context, source=found.source).databases[0].name


def perform(account: Account, checks: Sequence[Check]) -> list[tuple[str, Seen]]:
    """Run the checks; one that fails keeps none from running."""
    results = []
    for check in checks:
        print(f"\n{check.name}: {check.does}\n  expected: {check.expected}", flush=True)
        try:
            seen = check.run(account)
        except (BotoCoreError, ClientError, OSError, RuntimeError, KeyError) as error:
            seen = Seen(good=False, text=f"{type(error).__name__}: {error}")
        print(f"  seen:     {seen.text}\n  verdict:  {word(seen)}", flush=True)
        results.append((check.name, seen))
    return results


def word(seen: Seen) -> str:
    """One for the verdict."""
    return "passed" if seen.good else "FAILED"


def leftovers(account: Account) -> str:
    """What stays in the bucket, until when, and how it goes."""
    last, count = None, 0
    for each in account.versions():
        count += 1
        if "Size" not in each:
            continue  # a delete marker holds no lock
        place = {"Bucket": account.bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
        until = account.s3.head_object(**place).get("ObjectLockRetainUntilDate")
        last = max(filter(None, (last, until)), default=None)
    held = f", locked until {last:%Y-%m-%d}" if last else ""
    return (
        f"s3://{account.bucket} stays with {count} versions{held}. To delete it, with the right"
        " s3:BypassGovernanceRetention:\n"
        f"  aws s3api list-object-versions --bucket {account.bucket} --output json --query"
        " '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}' > all.json\n"
        f"  aws s3api delete-objects --bucket {account.bucket} --bypass-governance-retention"
        " --delete file://all.json\n"
        f"  aws s3api delete-bucket --bucket {account.bucket}"
    )


def clean_up(account: Account, *, keep: bool) -> bool:
    """Take away what was made, and say what stays; whether that worked."""
    try:
        stays = leftovers(account)
        code = 0 if keep else account.destroy()
    except (BotoCoreError, ClientError, KeyError) as error:
        stays, code = f"{type(error).__name__}: {error}", FAILED
    print(f"\nclean-up\n  {stays}")
    if code:
        print(
            f"  The stack {account.stack} could not be deleted: it goes on, and costs.\n"
            f"  Next: see it in the console of CloudFormation, and delete it there."
        )
    return not code


def smoke(asked: argparse.Namespace, account: Account) -> int:
    """Deploy, check, clean up; 0 when all is as it should be."""
    if account.exists():
        print(f"Nothing was done. A stack {asked.stack} is there already: choose another --stack.")
        return REFUSED
    if not account.ready():
        print("Nothing was done. Do what stands above, then start again.")
        return REFUSED
    good = False
    try:
        if code := account.deploy():
            print(f"deploy: FAILED with {code}")
        else:
            results = perform(account, chosen(asked))
            bad = [name for name, seen in results if not seen.good]
            good = not bad
            print(f"\n{len(results) - len(bad)} of {len(results)} checks passed.", *bad)
    finally:
        clean = not account.exists() or clean_up(account, keep=asked.keep)
    return PASSED if good and clean else FAILED


def main() -> int:
    """Plan, ask, do."""
    asked = arguments()
    if asked.plan:
        print(plan(asked, "the account of your credentials"))
        return PASSED
    # The CDK CLI heeds AWS_REGION, which boto3 does not.
    session: Any = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    try:
        owner = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        print(f"Nothing was done. Checking the AWS credentials failed: {error}")
        return REFUSED
    print(plan(asked, f"account {owner}, region {session.region_name}"))
    if not agreed(asked, owner):
        return REFUSED
    try:
        database = first_database(asked.context)
    except LifeboatError as error:
        print(f"Nothing was done. {error}", file=sys.stderr)
        return REFUSED
    account = Account(
        client=lambda service, config: session.client(service, config=config),
        stack=asked.stack,
        database=database,
        context=tuple(asked.context),
        key=asked.key,
    )
    return smoke(asked, account)


if __name__ == "__main__":
    sys.exit(main())

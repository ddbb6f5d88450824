"""After a deployment: the first backup and the first drill of each database that has none."""

from collections.abc import Iterator, Sequence

from lifeboat.monitor.subscriptions import topic_facts
from lifeboat_cli import follow
from lifeboat_cli.context import Context
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import call
from lifeboat_setup.account import Account
from lifeboat_setup.terminal import Terminal

_LIST_SECONDS = 20.0


def run_first(context: Context, terminal: Terminal, databases: Sequence[str]) -> ExitCode:
    """Take a backup and run a drill of each database that has none; what is there counts.

    A database that fails doesn't keep the others from their turn.

    Returns:
        DONE if every database is proven, PARTIAL if a drill could not test everything, FAILED if
        one has no backup or no drill that passed.
    """
    known = {each["name"]: each for each in call(context, "monitor", None, {})["databases"]}
    ends = []
    for name in databases:
        found = known.get(name, {})
        try:
            if not found.get("newest_backup"):
                _back_up(context, terminal, name)
            drill = found.get("newest_drill")
            verdict = drill["verdict"] if drill else _drill(context, terminal, name)
        except CommandError as error:
            terminal.say(f"✗ {name}: {error.what}")
            terminal.say(f"  Safe: {error.safe}")
            terminal.say(f"  Next: {error.next_step}")
            ends.append(ExitCode.FAILED)
            continue
        terminal.show(f"{name}: {verdict}")
        ends.append(_ENDS.get(verdict, ExitCode.FAILED))
    return next(
        (each for each in (ExitCode.FAILED, ExitCode.PARTIAL) if each in ends), ExitCode.DONE
    )


_ENDS = {"proven": ExitCode.DONE, "partial": ExitCode.PARTIAL}


def _back_up(context: Context, terminal: Terminal, name: str) -> None:
    event = {"database": name, "label": "first"}
    answer = follow.run(context, "backup", name, event, doing=f"First backup of {name}")
    terminal.say(f"✓ backup {answer['backup']}: {answer['tables']} tables, {answer['rows']} rows")
    for warning in answer["warnings"]:
        terminal.say(f"  warning: {warning}")


def _drill(context: Context, terminal: Terminal, name: str) -> str:
    answer = follow.run(context, "drill", name, {"database": name}, doing=f"First drill of {name}")
    verdict = str(answer["verdict"])
    terminal.say(f"✓ drill of {answer['backup']}: {verdict}")
    return verdict


def unconfirmed(context: Context, account: Account) -> Iterator[str]:
    """What somebody has to do so that notifications arrive."""
    topic = context.stack.outputs.get("TopicArn")
    if topic is None:
        return
    client = account.session.client("sns", region_name=account.region)
    found = topic_facts(client, topic, lambda: _LIST_SECONDS)
    subscriptions = getattr(found, "subscriptions", ())
    if not any(each.confirmed for each in subscriptions):
        yield "Nobody receives notifications yet."
    for each in subscriptions:
        if not each.confirmed:
            yield (
                f"{each.endpoint} has to confirm an email from AWS within 48 hours. Don't click its"
                " link; copy what follows Token= in it, and type: aws sns confirm-subscription"
                f" --region {account.region} --authenticate-on-unsubscribe true --topic-arn {topic}"
                " --token <token>"
            )

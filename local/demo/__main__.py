"""The main job from end to end, on this machine: `make demo`.

A real PostgreSQL with a database like Spec-Drive's, the real stack deployed by the real CDK CLI to
a local AWS that enforces IAM and TLS; a scheduled backup, a restore with standard pg_restore alone,
compared with the source. All else is done by the command line, as a person would: a backup, a
drill, the status; then a disaster, noticed by the monitor and undone; a backup that has become too
large for its function; and the alarm that comes when backups stop. Nothing is left behind but the
pages for people, in build/demo/.

With `--keep` (`make demo KEEP=1`) everything stays up until Ctrl-C, and backups don't stop.
"""

import argparse
import signal
import sys
import time
from contextlib import ExitStack

from rich.text import Text

from lifeboat.errors import LifeboatError
from local.demo.backups import scheduled_backup, show_bucket
from local.demo.command_line import NOT_SAFE, type_command
from local.demo.disaster import delete_without_where, undo
from local.demo.environment import DemoEnvironment, console, set_up
from local.demo.growth import outgrow_the_function
from local.demo.keep import save_pages, stay_up
from local.demo.messages import show_alarm, stop_backups, subscribe, wait_for_message
from local.demo.restore_without_lifeboat import restore_without_lifeboat


def main() -> None:
    """Tell the story; exit with 1 and the next step when a part of it fails."""
    parser = argparse.ArgumentParser("python -m local.demo", description="Run the demo.")
    parser.add_argument("--keep", action="store_true", help="stay up afterwards, until Ctrl-C")
    keep: bool = parser.parse_args().keep
    signal.signal(signal.SIGTERM, _as_interrupt)
    begun = time.monotonic()
    console.print("\n[bold]Lifeboat[/]: PostgreSQL backups that are proven by restoring them.\n")
    try:
        with ExitStack() as stack:
            environment = set_up(stack)
            _tell(environment, stack)
            pages = save_pages(environment)
            if not keep:
                _tell_of_silence(environment)
            console.print(
                "\n[green]Backed up, proven by restoring, noticed, restored, and notified[/] in"
                f" {time.monotonic() - begun:.0f} s.\nPages for people, copied from the bucket:"
            )
            for page in pages:
                console.print(f"  {page}", soft_wrap=True, markup=False)
            if keep:
                stay_up(environment)
    except KeyboardInterrupt:
        console.print("\nInterrupted. Everything that was started has been stopped and removed.")
        sys.exit(0 if keep else 130)
    except LifeboatError as error:
        console.print(Text(f"\n{error}", style="red"))
        sys.exit(1)
    console.print(
        "\nNothing else is left behind. Next: `./lifeboat setup` does it in your own account"
        " (README.md, Deploy).\n"
    )


def _tell(environment: DemoEnvironment, stack: ExitStack) -> None:
    """From the first backup to the disaster, and back."""
    person = subscribe(environment)
    type_command(environment, "status", ends_with=NOT_SAFE)
    scheduled = scheduled_backup(environment)
    type_command(environment, "backup", "app", "--label", "before-migration-42")
    show_bucket(environment)
    restore_without_lifeboat(environment, scheduled, stack)
    type_command(environment, "drill", "app")
    type_command(environment, "status")
    lost = delete_without_where(environment)
    type_command(environment, "backup", "app", "--label", "after-the-delete")
    wait_for_message(
        environment, person, "table-rows-dropped", "The monitor runs, and notifies people"
    )
    type_command(environment, "status", ends_with=NOT_SAFE)
    type_command(environment, "backups", "app")
    undo(environment, scheduled, lost)
    type_command(environment, "backup", "app", "--label", "after-the-restore")
    outgrow_the_function(environment)
    type_command(environment, "status")


def _tell_of_silence(environment: DemoEnvironment) -> None:
    """What happens when backups stop."""
    person, another = subscribe(environment), subscribe(environment)
    stop_backups(environment)
    wait_for_message(
        environment, person, "backup-too-old", "The monitor runs: no backup is a finding"
    )
    show_alarm(another, "backup-too-old")


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

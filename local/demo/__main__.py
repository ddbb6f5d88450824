"""The main job from end to end, on this machine: `make demo`.

A real PostgreSQL with a database like Spec-Drive's, the real stack deployed by the real CDK CLI to
a local AWS that enforces IAM and TLS; a scheduled and a manual backup through AWS's own APIs, a
restore with standard pg_restore alone, compared with the source, and a drill inside a function.
Then a disaster, noticed by the monitor and undone, and the alarm that comes when backups stop.
Nothing is left behind.
"""

import signal
import sys
import time
from contextlib import ExitStack

from rich.text import Text

from lifeboat.errors import LifeboatError
from local.demo.backups import manual_backup, scheduled_backup, show_vault
from local.demo.disaster import delete_without_where, undo
from local.demo.drills import drill
from local.demo.environment import console, set_up
from local.demo.messages import show_alarm, stop_backups, subscribe, wait_for_message
from local.demo.restore_without_lifeboat import restore_without_lifeboat


def main() -> None:
    """Tell the story; exit with 1 and the next step when a part of it fails."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    begun = time.monotonic()
    console.print("\n[bold]Lifeboat[/]: PostgreSQL backups that are proven by restoring them.\n")
    try:
        with ExitStack() as stack:
            environment = set_up(stack)
            person, another = subscribe(environment), subscribe(environment)
            scheduled = scheduled_backup(environment)
            manual_backup(environment, "before-migration-42")
            show_vault(environment)
            restore_without_lifeboat(environment, scheduled, stack)
            drill(environment)
            lost = delete_without_where(environment)
            manual_backup(environment, "after-the-delete")
            wait_for_message(
                environment,
                person,
                "table-rows-dropped",
                "The monitor runs a check and notifies somebody",
            )
            undo(environment, scheduled, lost)
            stop_backups(environment)
            wait_for_message(
                environment,
                person,
                "backup-too-old",
                "The monitor runs again: no backup is a finding",
            )
            show_alarm(another, "backup-too-old")
    except KeyboardInterrupt:
        console.print("\nInterrupted. Everything that was started has been stopped and removed.")
        sys.exit(130)
    except LifeboatError as error:
        console.print(Text(f"\n{error}", style="red"))
        sys.exit(1)
    console.print(
        "\n[green]Backed up, proven by restoring, noticed, restored, and notified.[/]"
        f" {time.monotonic() - begun:.0f} s in all; nothing is left behind."
        "\nNext: the README's five minutes to your own account.\n"
    )


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

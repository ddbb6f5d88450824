"""`lifeboat setup` and `lifeboat add`: from a URL to a proven backup."""

import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.deployment import REPOSITORY
from infra.settings_file import EXAMPLE
from layers.postgres import MAJORS, server_layer
from lifeboat.postgres.programs import Programs
from lifeboat.settings import Settings, parse
from lifeboat.settings.context import ROOT
from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.stack import Stack
from lifeboat_setup.account import Account, SettingsFile, account_of, command_for, settings_file
from lifeboat_setup.candidates import Candidate, Lookout
from lifeboat_setup.carry_out import (
    Journal,
    Makers,
    NewSettings,
    make_secrets_and_roles,
    settings_with,
    write_settings,
)
from lifeboat_setup.deploy_stack import deploy
from lifeboat_setup.first_runs import run_first, unconfirmed
from lifeboat_setup.gather import Wanted, candidates
from lifeboat_setup.kept_secrets import SecretNames, SecretsOf
from lifeboat_setup.plan import Place, plan_text, sql_text
from lifeboat_setup.settings_text import names_of_databases, stack_named
from lifeboat_setup.terminal import Terminal
from lifeboat_setup.urls import NOTHING_MADE, SetupError

LIBRARY = Path("lib/postgresql")
"""Where a layer has the majors of PostgreSQL."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line.

    Attributes:
        command: its name, as it is typed again.
        adding: whether a database is asked for although the settings have some.
        wanted: which databases.
        settings: the name of the settings' file.
        emails: who is to be notified; None: it is asked for.
        interactive: whether questions may be asked.
        take_over: whether roles that exist may get a new password without a question.
    """

    command: str
    adding: bool
    wanted: Wanted
    settings: str
    emails: tuple[str, ...]
    interactive: bool
    take_over: bool


def install(context: Context, request: Request) -> ExitCode:
    """Look, show a plan, ask once, make everything, and prove it.

    Raises:
        LifeboatError: a step failed. What has been made was said before.
        CommandError: the same, by the command line's own modules.
    """
    terminal = Terminal(interactive=request.interactive, quiet=context.options.quiet)
    account = account_of(context.options.profile, context.options.region)
    file = _file(request, context.options.stack)
    context.stack = Stack(file.stack, account.session)
    journal = Journal()
    with tempfile.TemporaryDirectory(prefix="lifeboat-setup-") as scratch:
        work = _Work(context, request, terminal, account, file, journal, Path(scratch))
        try:
            return work.run()
        except BaseException:
            again = f"lifeboat {request.command}"
            terminal.say(journal.text(again) if journal.begun else NOTHING_MADE)
            raise


def _file(request: Request, stack: str | None) -> SettingsFile:
    file = settings_file(request.settings)
    if stack and stack != file.stack:
        if file.text is not None:
            raise SetupError(
                f"{file.name} is of the stack {file.stack}, and not of {stack}.",
                todo="Name the stack's own settings: --settings FILE.",
                safe=NOTHING_MADE,
            )
        return SettingsFile(name=file.name, text=None, stack=stack)
    return file


@dataclass
class _Work:
    """One installation under way."""

    context: Context
    request: Request
    terminal: Terminal
    account: Account
    file: SettingsFile
    journal: Journal
    scratch: Path

    def run(self) -> ExitCode:
        kept = SecretsOf(self.account.session.client("secretsmanager"))
        found = self._look(kept)
        emails = self._emails()
        text = self._settings_text(self._forecast(found), emails)
        settings = self._parsed(text)
        bootstrap = not self.account.bootstrapped
        self._show(found, settings, bootstrap=bootstrap)
        if not self._agreed(found):
            self.terminal.say(NOTHING_MADE)
            return ExitCode.USAGE
        self.journal.begun = True
        makers = Makers(kept, self.scratch, self.journal, self.terminal.say)
        made = [(each, *make_secrets_and_roles(makers, each)) for each in found]
        self._write(
            self._settings_text(
                NewSettings(
                    databases=[(each.name, reading.arn) for each, reading, _ in made],
                    targets=[restoring.arn for *_, restoring in made if restoring],
                ),
                emails,
            )
        )
        deploy(self.terminal, self.account, self.file, bootstrap=bootstrap)
        self.journal.add(f"stack {self.file.stack}", "docs/runbooks/delete-a-backup.md")
        self.context.stack.__dict__.pop("outputs", None)  # it has more now
        return self._prove([each.name for each in settings.databases])

    def _look(self, kept: SecretsOf) -> Sequence[Candidate]:
        wanted = self.request.wanted
        known = names_of_databases(self.file.text or "")
        if known and not (self.request.adding or wanted.name or wanted.file):
            self.terminal.say(f"{self.file.name} has {', '.join(known)}: going on with that.")
            return ()
        look = Lookout(kept, SecretNames(self.file.stack), self.scratch, MAJORS)
        found = []
        for each in candidates(self.terminal, look, wanted):
            self.terminal.say(f"✓ {each.name}: PostgreSQL {each.facts.version}")
            found.append(each)
        return found

    def _emails(self) -> tuple[str, ...]:
        """Addresses to add; nobody is asked when the settings have some."""
        if self.request.emails or not self.request.interactive:
            return self.request.emails
        there = self._parsed_alerts()
        if there:
            return ()
        typed = self.terminal.text(
            "Email for alerts (empty: nobody)", "Give it: --email ADDRESS.", default=""
        )
        return (typed,) if typed else ()

    def _parsed_alerts(self) -> bool:
        alerts = tomllib.loads(self.file.text or "").get("alerts", {})
        return bool(alerts.get("emails"))

    def _forecast(self, found: Sequence[Candidate]) -> NewSettings:
        """The settings' news with names of secrets that may not be there yet."""

        def arn(name: str) -> str:
            where = f"{self.account.region}:{self.account.number}"
            return f"arn:aws:secretsmanager:{where}:secret:{name}-000000"

        return NewSettings(
            databases=[
                (each.name, each.reading.kept.arn if each.reading.kept else arn(f"{each.name}"))
                for each in found
            ],
            targets=[
                each.restoring.kept.arn if each.restoring.kept else arn(f"{each.name}-restore")
                for each in found
                if each.restoring
            ],
        )

    def _settings_text(self, new: NewSettings, emails: Sequence[str]) -> str:
        example = (REPOSITORY / EXAMPLE).read_text(encoding="utf-8")
        if self.file.text is None:
            example = stack_named(example, self.file.stack)
        complete = NewSettings(databases=new.databases, targets=new.targets, emails=emails)
        return settings_with(self.file.text, complete, example)

    def _parsed(self, text: str) -> Settings:
        """The settings as they will be, checked as a deployment does."""
        found = tomllib.loads(text)
        found.pop("stack_name", None)
        return parse({ROOT: found}, source=self.file.name, deployment=self.account.deployment)

    def _show(self, found: Sequence[Candidate], settings: Settings, *, bootstrap: bool) -> None:
        with self.terminal.doing("Building what a drill's server has"):
            layer = server_layer(settings.architecture)
        place = Place(
            account=self.account.number,
            region=self.account.region,
            stack=self.file.stack,
            settings_file=self.file.name,
            new_file=self.file.text is None,
            bootstrap=bootstrap,
        )
        if statements := sql_text(found):
            self.terminal.show(f"\nSQL that will be run:\n\n{statements}")
        lacking = {each.name: _lacking(layer / LIBRARY, each) for each in found}
        plan = plan_text(place, found, settings, lacking, datetime.now(UTC))
        self.terminal.show(f"\nPlan:\n\n{plan}\n")

    def _agreed(self, found: Sequence[Candidate]) -> bool:
        taken = [role.endpoint.user for each in found for role in each.roles if role.takes_over]
        if taken and not self.request.take_over:
            names = ", ".join(taken)
            if not self.request.interactive:
                raise SetupError(
                    f"Roles exist whose passwords no secret has: {names}.",
                    todo="If nothing else uses them, start again with --reset-passwords.",
                    safe=NOTHING_MADE,
                )
            self.terminal.say(
                f"note: {names} exist, and get new passwords. Whoever uses the old ones, such as"
                " another installation, can't log in any more."
            )
        return self.terminal.agree("Make and deploy all of that?")

    def _write(self, text: str) -> None:
        if text == self.file.text:
            return
        write_settings(self.file.path, text)
        what = "new" if self.file.text is None else "changed"
        self.journal.add(f"settings in {self.file.name} ({what})", f"edit {self.file.name}")
        self.terminal.say(f"✓ {self.file.name} written")

    def _prove(self, databases: Sequence[str]) -> ExitCode:
        end = run_first(self.context, self.terminal, databases)
        for note in unconfirmed(self.context, self.account):
            self.terminal.show(f"! {note}")
        self.terminal.show(f"From now on: {command_for(self.context.stack, 'status')}")
        return end


def _lacking(servers: Path, found: Candidate) -> list[str]:
    """Extensions of a database that the drill's server doesn't have, or only in part."""
    programs = Programs(servers)
    folder = servers / str(found.facts.major) / "share" / "extension"
    stand_ins = programs.stand_ins()
    return [
        each
        for each in found.facts.extensions
        if each in stand_ins or not (folder / f"{each}.control").exists()
    ]

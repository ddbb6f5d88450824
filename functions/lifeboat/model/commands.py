"""Commands that people paste into a shell: of the program `lifeboat`, and of the AWS CLI alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from lifeboat.model.steps import Step

_DEFAULT_STACK = "Lifeboat"
PROGRAM_FILE = "lifeboat.pyz"
PROGRAM_KEY = f"tools/{PROGRAM_FILE}"
"""The program `lifeboat` as one file, in the bucket."""

_ANSWER = (
    "python3 -c 'import json, sys; said = sys.stdin.read() or sys.exit(1);"
    " answer, end = json.JSONDecoder().raw_decode(said);"
    ' said[end:].split() == ["None"] or sys.exit(answer["errorMessage"] or 1);'
    " print(answer if isinstance(answer, str) else json.dumps(answer, indent=1))'"
)
"""Prints the answer of a function, and fails if the function failed; the CLI itself does not.

Its input is the answer, then what the CLI prints: None, or the kind of failure. The input is a
pipe, because the CLI opens /dev/stdout again: a file would lose its first line.
"""


def copy_backup(bucket: str, prefix: str) -> str:
    """Copy a backup's objects into the working directory.

    Without `--force-glacier-transfer` the CLI skips objects in an archive class, thawed or not, and
    only warns.
    """
    return f"aws s3 cp --recursive --force-glacier-transfer s3://{bucket}/{prefix} ."


def restore_archive(options: str, jobs: int = 4) -> tuple[str, str]:
    """Restore a fetched archive: first all rows, then triggers, constraints and indexes.

    Two commands, because `--jobs` makes pg_restore create triggers and constraints of partitioned
    tables before it has loaded the rows of their partitions.
    """
    sections = ("--section=pre-data --section=data", "--section=post-data")
    first, last = (f"pg_restore {each} --jobs={jobs} {options} archive.dump" for each in sections)
    return first, last


def function_name(stack: str, job: str, database: str | None = None) -> str:
    """The name of a function of the stack, which is also the name of its schedule.

    Args:
        stack: the stack's name.
        job: what it does: backup, drill, monitor, neon-broker, neon-restore, neon-watch or restore.
        database: the database that it is for; None if it is for all of them.
    """
    return "-".join(part for part in (stack, job, database) if part)


@dataclass(frozen=True)
class Commands:
    """Commands for one installation.

    Attributes:
        bucket_name: of the backup bucket.
        stack: the stack's name, with which the names of its functions begin.
        region: where it runs. Each command names it, as the shell's region may differ.
    """

    bucket_name: str
    stack: str
    region: str

    def program(self, *words: str) -> str:
        """A command of the program `lifeboat`, for this installation wherever it is pasted.

        Args:
            words: the command and its arguments, each quoted for a shell here.
        """
        stack = ["--stack", self.stack] if self.stack != _DEFAULT_STACK else []
        return " ".join(map(quote, ["lifeboat", *words, *stack, "--region", self.region]))

    def get_program(self) -> str:
        """Fetch the program from the bucket, in a shell that has Python and the AWS CLI."""
        return (
            f"aws s3 cp s3://{self.bucket_name}/{PROGRAM_KEY} ~/{PROGRAM_FILE} {self._region}"
            f' && alias lifeboat="python3 ~/{PROGRAM_FILE}"'
        )

    def to_back_up(self, text: str, database: str) -> Step:
        """The step to take a backup."""
        return Step(text, self.program("backup", database), self.back_up(database))

    def to_drill(self, text: str, database: str) -> Step:
        """The step to run a drill with the newest backup."""
        return Step(text, self.program("drill", database), self.drill(database))

    def to_see_status(self, text: str) -> Step:
        """The step to check everything now, and to show the status."""
        return Step(text, self.program("status"), self.status())

    def to_restore_tables(
        self, text: str, database: str, backup: str, tables: Sequence[str]
    ) -> Step:
        """The step to restore tables beside the live ones; both commands show a plan first.

        Args:
            text: what the step is for.
            database: of the tables.
            backup: its id, such as daily/app/2026-11-21T020000Z.
            tables: their names, quoted where SQL needs it.
        """
        named = [word for table in tables for word in ("--table", table)]
        event = {
            "action": "restore-tables",
            "database": database,
            "backup": backup,
            "tables": list(tables),
        }
        short = backup.replace(f"/{database}/", "/", 1)
        return Step(text, self.program("restore", database, short, *named), self.restore(event))

    def back_up(self, database: str) -> str:
        """Take a backup now. The CLI waits for it, and must not send the event twice."""
        return self._invoke("backup", database, {"database": database})

    def drill(self, database: str, backup: str = "latest") -> str:
        """Run a drill now."""
        return self._invoke("drill", database, {"database": database, "backup": backup})

    def status(self) -> str:
        """Check the bucket now, and show the status as a table."""
        return self._sent(self._function("monitor"), {"format": "text"})

    def restore(self, event: Mapping[str, object]) -> str:
        """Invoke the restore function; without `execute` it answers with a plan or a list."""
        return self._sent(self._function("restore"), event)

    def log(self, kind: str, database: str) -> str:
        """The recent log of the database's backups or drills."""
        return self.function_log(self._function(kind, database))

    def restore_log(self) -> str:
        """The recent log of the restore function."""
        return self.function_log(self._function("restore"))

    def neon_restore_log(self) -> str:
        """The recent log of the function that restores by Neon."""
        return self.function_log(self._function("neon-restore"))

    def function_log(self, function: str) -> str:
        """The recent log of a function.

        Args:
            function: its full name, already quoted for a shell.
        """
        return f"aws logs tail /aws/lambda/{function} --since 2d {self._region}"

    def schedule(self, database: str) -> str:
        """Show whether the database's schedule exists and is enabled."""
        return (
            f"aws scheduler get-schedule --name {self._function('backup', database)} {self._region}"
        )

    def versions(self, prefix: str) -> str:
        """List the versions and delete markers under a prefix."""
        return f"{self._s3api('list-object-versions')} --prefix {quote(prefix)}"

    def undelete(self, key: str, marker: str) -> str:
        """Remove a delete marker, which restores the object as it was."""
        return f"{self._s3api('delete-object')} --key {quote(key)} --version-id {quote(marker)}"

    def fetch(self, key: str, version: str) -> str:
        """Download one version of an object into the working directory."""
        return (
            f"{self._s3api('get-object')} --key {quote(key)} --version-id {quote(version)}"
            f" {quote(key.rpartition('/')[2])}"
        )

    def show(self, key: str) -> str:
        """Print a small object."""
        return f"aws s3 cp {quote(f's3://{self.bucket_name}/{key}')} - {self._region}"

    def listing(self, prefix: str) -> str:
        """List the objects under a prefix, with their total size."""
        where = quote(f"s3://{self.bucket_name}/{prefix}")
        return f"aws s3 ls --recursive --summarize {where} {self._region}"

    def bucket(self, question: str) -> str:
        """Show one part of the bucket's configuration, such as get-bucket-encryption."""
        return self._s3api(question)

    def revert(self) -> str:
        """Restore the stack's resources that somebody changed or deleted outside of CloudFormation.

        An ordinary deployment of an unchanged template would leave them as they are.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        """
        return 'PATH="$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH" cdk deploy --all --revert-drift'

    def _s3api(self, operation: str) -> str:
        return f"aws s3api {operation} {self._region} --bucket {quote(self.bucket_name)}"

    @property
    def _region(self) -> str:
        return f"--region {self.region}"

    def _function(self, job: str, database: str | None = None) -> str:
        return quote(function_name(self.stack, job, database))

    def _invoke(self, kind: str, database: str, event: dict[str, str]) -> str:
        return self._sent(self._function(kind, database), event)

    def _sent(self, function: str, event: Mapping[str, object]) -> str:
        """The CLI waits for the whole run, and must not send the event again if the run is long."""
        return (
            f"AWS_MAX_ATTEMPTS=1 aws lambda invoke {self._region} --function-name {function}"
            " --cli-read-timeout 960 --cli-binary-format raw-in-base64-out"
            f" --payload {quote(json.dumps(event))}"
            f" --query FunctionError --output text /dev/stdout | {_ANSWER}"
        )

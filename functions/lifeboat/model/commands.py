"""Commands to be pasted into a shell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

_ANSWER = (
    "python3 -c 'import json, sys; said = sys.stdin.read() or sys.exit(1);"
    " answer, end = json.JSONDecoder().raw_decode(said);"
    ' said[end:].split() == ["None"] or sys.exit(answer["errorMessage"] or 1);'
    " print(answer if isinstance(answer, str) else json.dumps(answer, indent=1))'"
)
"""Prints what a function answered; the exit code tells whether it failed, which the CLI's does not.

It reads the answer and, after it, the CLI's own word: None, or the kind of failure. They come
through a pipe since the CLI opens /dev/stdout anew: in a file it would overwrite its first line.
"""


def copy_backup(vault: str, prefix: str) -> str:
    """Copy a backup's objects into the working directory.

    Whatever lies in an archive class, thawed or not, the CLI leaves out with a warning, unless it
    is told otherwise.
    """
    return f"aws s3 cp --recursive --force-glacier-transfer s3://{vault}/{prefix} ."


def restore_archive(options: str, jobs: int = 4) -> tuple[str, str]:
    """Restore a fetched archive: all rows, and then all that acts on rows.

    Never in one with `--jobs`: pg_restore makes triggers and constraints of partitioned tables
    before it has loaded the rows of their partitions.
    """
    sections = ("--section=pre-data --section=data", "--section=post-data")
    first, last = (f"pg_restore {each} --jobs={jobs} {options} archive.dump" for each in sections)
    return first, last


def function_name(stack: str, job: str, database: str | None = None) -> str:
    """What a function of the stack is called, and its schedule too.

    Args:
        stack: the stack's name.
        job: what it does: backup, drill, monitor or restore.
        database: for which; None where it does so for all of them.
    """
    return "-".join(part for part in (stack, job, database) if part)


@dataclass(frozen=True)
class Commands:
    """Commands for one installation.

    Attributes:
        vault: the bucket's name.
        stack: the stack's name, with which the names of its functions begin.
        region: where it runs. Each command names it: a shell's own region may be another.
    """

    vault: str
    stack: str
    region: str

    def back_up(self, database: str) -> str:
        """Take a backup now; the CLI waits for it and must not send the event twice."""
        return self._invoke("backup", database, {"database": database})

    def drill(self, database: str, backup: str = "latest") -> str:
        """Restore a backup for trial now."""
        return self._invoke("drill", database, {"database": database, "backup": backup})

    def status(self) -> str:
        """Judge the vault anew and show everything as a table."""
        return self._sent(self._function("monitor"), {"format": "text"})

    def restore(self, event: Mapping[str, object]) -> str:
        """Ask the restore function; without `execute` the answer is a plan or a list."""
        return self._sent(self._function("restore"), event)

    def log(self, kind: str, database: str) -> str:
        """What the database's backups or drills said lately."""
        return self.function_log(self._function(kind, database))

    def restore_log(self) -> str:
        """What the restore function said lately."""
        return self.function_log(self._function("restore"))

    def function_log(self, function: str) -> str:
        """What a function said lately, by its full name, quoted where it needs to be."""
        return f"aws logs tail /aws/lambda/{function} --since 2d {self._region}"

    def schedule(self, database: str) -> str:
        """Whether the database's schedule is there and enabled."""
        return (
            f"aws scheduler get-schedule --name {self._function('backup', database)} {self._region}"
        )

    def versions(self, prefix: str) -> str:
        """What versions and delete markers there are under a prefix."""
        return f"{self._s3api('list-object-versions')} --prefix {quote(prefix)}"

    def undelete(self, key: str, marker: str) -> str:
        """Remove a delete marker, which brings the object back as it was."""
        return f"{self._s3api('delete-object')} --key {quote(key)} --version-id {quote(marker)}"

    def fetch(self, key: str, version: str) -> str:
        """Read one version of an object into the working directory."""
        return (
            f"{self._s3api('get-object')} --key {quote(key)} --version-id {quote(version)}"
            f" {quote(key.rpartition('/')[2])}"
        )

    def show(self, key: str) -> str:
        """Print a small object."""
        return f"aws s3 cp {quote(f's3://{self.vault}/{key}')} - {self._region}"

    def listing(self, prefix: str) -> str:
        """List what lies under a prefix, with its size altogether."""
        where = quote(f"s3://{self.vault}/{prefix}")
        return f"aws s3 ls --recursive --summarize {where} {self._region}"

    def bucket(self, question: str) -> str:
        """Show one part of the bucket's configuration, such as get-bucket-encryption."""
        return self._s3api(question)

    def revert(self) -> str:
        """Bring resources that were changed or deleted by hand back to the stack's template.

        A plain deployment of an unchanged template would leave them as they are.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        """
        return 'PATH="$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH" cdk deploy --all --revert-drift'

    def _s3api(self, operation: str) -> str:
        return f"aws s3api {operation} {self._region} --bucket {quote(self.vault)}"

    @property
    def _region(self) -> str:
        return f"--region {self.region}"

    def _function(self, job: str, database: str | None = None) -> str:
        return quote(function_name(self.stack, job, database))

    def _invoke(self, kind: str, database: str, event: dict[str, str]) -> str:
        return self._sent(self._function(kind, database), event)

    def _sent(self, function: str, event: Mapping[str, object]) -> str:
        """The CLI waits for the whole run and must not send the event again when that is long."""
        return (
            f"AWS_MAX_ATTEMPTS=1 aws lambda invoke {self._region} --function-name {function}"
            " --cli-read-timeout 960 --cli-binary-format raw-in-base64-out"
            f" --payload {quote(json.dumps(event))}"
            f" --query FunctionError --output text /dev/stdout | {_ANSWER}"
        )

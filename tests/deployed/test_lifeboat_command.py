"""`lifeboat` as people and scripts run it, against the deployed stack, with IAM enforced."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pexpect
import pyte
import pytest

from tests.deployed.conftest import Installation
from tests.support.ctrl_c import heed_ctrl_c
from tests.support.documented import require_documented

PROGRAM = [sys.executable, "-m", "lifeboat_cli"]
PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
COLUMNS, LINES = 80, 200
COLOUR = re.compile(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@dataclass
class CommandLine:
    """Runs `lifeboat` with some credentials."""

    installation: Installation
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Without a terminal, as a script does."""
        return subprocess.run(
            [*PROGRAM, *arguments],
            env={**self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def in_terminal(self, *arguments: str) -> "Watched":
        return Watched(
            pexpect.spawn(
                PROGRAM[0],
                [*PROGRAM[1:], *arguments],
                env={**self.environment, "TERM": "xterm-256color"},
                dimensions=(LINES, COLUMNS),
                preexec_fn=heed_ctrl_c,
                timeout=60,
            )
        )


@dataclass
class Watched:
    """A `lifeboat` in a terminal, and what the terminal shows in the end."""

    child: "pexpect.spawn[bytes]"
    raw: BytesIO = field(default_factory=BytesIO)

    def __post_init__(self) -> None:
        self.child.logfile_read = self.raw

    def end(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus is not None
        return self.child.exitstatus

    def screen(self) -> list[str]:
        screen = pyte.Screen(COLUMNS, LINES)
        pyte.ByteStream(screen).feed(self.raw.getvalue())
        return [line.rstrip() for line in screen.display if line.strip()]


@pytest.fixture
def lifeboat(installation: Installation) -> CommandLine:
    return CommandLine(installation, installation.aws.environment())


def allowed(installation: Installation, *names: str) -> CommandLine:
    """With only what policies of the page allow."""
    aws = installation.aws
    iam, role = aws.client("iam"), f"person-{'-'.join(names)}"
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}}
    document = {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))
    for name in names:
        policy = policies()[name]
        for placeholder, value in (
            ("<region>", aws.region),
            ("<account>", aws.account),
            ("<bucket>", installation.bucket.name),
        ):
            policy = policy.replace(placeholder, value)
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)
    given = aws.client("sts").assume_role(RoleArn=arn["Role"]["Arn"], RoleSessionName="person")
    keys = given["Credentials"]
    return CommandLine(
        installation,
        aws.environment()
        | {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        },
    )


def policies() -> dict[str, str]:
    fences = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return dict(fences.findall(PAGE.read_text()))


@contextmanager
def locked_table(installation: Installation) -> Iterator[None]:
    """While it lasts, no backup gets beyond its snapshot."""
    with installation.database.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_backup_exists_when_the_command_says_so_and_its_short_id_is_understood(
    lifeboat: CommandLine,
) -> None:
    done = lifeboat.run("backup", "app", "--label", "before-migration-42", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    require_documented("Lifeboat-backup-app", answer, failed=False)
    assert lifeboat.installation.manifest(answer["backup"]).label == "before-migration-42"
    steps = [line.split()[-1] for line in done.stderr.splitlines()[1:-1]]
    assert steps[-3:] == ["count", "complete", "publish"]
    assert "\x1b" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"Account {lifeboat.installation.aws.account}, region us-east-1, stack Lifeboat"
    )
    short = answer["backup"].replace("/app/", "/")
    listed = lifeboat.run("backups", "app").stdout.splitlines()
    (row,) = [each for each in listed if each.startswith(f"{short} ")]
    assert " before-migration-42 " in row
    assert "public.users" in lifeboat.run("show", "app", short).stdout
    proven = lifeboat.run("drill", "app", short, "--quiet")
    assert (proven.returncode, proven.stderr) == (0, "")
    assert proven.stdout.startswith(f"proven  {answer['backup']}  ")


def test_a_failed_run_lets_no_migration_run_and_says_what_to_do(lifeboat: CommandLine) -> None:
    installation = lifeboat.installation
    manager, arn = installation.aws.client("secretsmanager"), installation.secrets["quiet"]
    good = manager.get_secret_value(SecretId=arn)["SecretString"]
    wrong = good.replace("/spec_drive", "/nowhere")
    manager.put_secret_value(SecretId=arn, SecretString=wrong)
    try:
        done = lifeboat.run("backup", "quiet", "--json")
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=good)
    assert done.returncode == 1
    require_documented("Lifeboat-backup-quiet", json.loads(done.stdout), failed=True)
    assert re.search(r"\nerror: Could not connect .*\n  Safe: .*\n  Next: ", done.stderr)
    assert "failed: Could not connect" in lifeboat.run("runs", "quiet").stdout


def test_ctrl_c_stops_watching_and_watch_attaches_again(lifeboat: CommandLine) -> None:
    with locked_table(lifeboat.installation):
        started = lifeboat.in_terminal("backup", "other")
        started.child.expect("snapshot")
        started.child.sendintr()
        assert started.end() == 130
        shown = started.screen()
        assert shown[0].startswith("Stopped watching; the run goes on: ")
        assert "  Next: lifeboat watch other --run " in "\n".join(shown)
        watching = lifeboat.in_terminal("watch", "other")
        watching.child.expect("snapshot")
    assert watching.end() == 0
    line, whose = watching.screen()
    assert line.startswith("manual/other/")
    assert whose.startswith("Account ")


def test_status_is_not_safe_while_a_database_is_not_and_fits_80_columns(
    lifeboat: CommandLine,
) -> None:
    done = lifeboat.run("status", "--json")
    answer = json.loads(done.stdout)
    require_documented("Lifeboat-monitor", answer, failed=False)
    assert answer["health"] != "healthy"
    assert done.returncode == 4
    seen = CommandLine(
        lifeboat.installation, {**lifeboat.environment, "NO_COLOR": "1"}
    ).in_terminal("status")
    assert seen.end() == 4
    assert not COLOUR.search(seen.raw.getvalue())
    heading, *rows = seen.screen()[: 1 + len(answer["databases"])]
    assert heading.startswith("DATABASE")
    assert {row.split()[0] for row in rows} == {each["name"] for each in answer["databases"]}


def test_who_may_only_look_is_told_which_right_a_backup_needs(installation: Installation) -> None:
    reader = allowed(installation, "reader")
    assert reader.run("cost").returncode == 0
    opened = reader.run("open", "--print")
    assert opened.returncode == 0, opened.stderr
    assert "/status.html?" in opened.stdout
    done = reader.run("backup", "app")
    assert done.returncode == 1
    assert "Next: Your credentials need lambda:InvokeFunction on Lifeboat-backup-app" in done.stderr
    assert "Safe: Nothing was sent" in done.stderr


def test_an_operators_rights_are_enough_to_back_up(installation: Installation) -> None:
    operator = allowed(installation, "reader", "operator")
    done = operator.run("backup", "app", "--quiet")
    assert done.returncode == 0, done.stderr


def test_without_a_stack_in_the_region_the_error_says_where_it_looked(
    lifeboat: CommandLine,
) -> None:
    elsewhere = CommandLine(
        lifeboat.installation, {**lifeboat.environment, "AWS_REGION": "eu-north-1"}
    )
    done = elsewhere.run("status")
    assert done.returncode == 2, done.stderr
    assert "There is no stack of Lifeboat in account" in done.stderr

"""The runbooks and sample events say nothing that the code, or the AWS CLI, would not understand.

That their commands work is tried in tests/deployed/test_runbooks.py.
"""

import ast
import json
import re
import shlex
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from lifeboat.alerts.policy.findings import Code
from lifeboat.backup.policy.event import MAY_BE as OF_BACKUPS
from lifeboat.backup.policy.event import parse_event
from lifeboat.drill.policy.event import MAY_BE as OF_DRILLS
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.model.commands import Commands
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.neon_restore.policy.event import MAY_BE as OF_NEON_RESTORES
from lifeboat.neon_restore.policy.event import parse_neon_restore_event
from lifeboat.restore.policy.event import MAY_BE as OF_RESTORES
from lifeboat.restore.policy.event import Action, parse_restore_event
from lifeboat.settings import Settings, ValidationQuery
from lifeboat_cli.main import lifeboat
from tests.support.aws_commands import UsageError, parse
from tests.support.doc_pages import EVENTS, RUNBOOKS, Block, Page, filled, runbooks

REPOSITORY = Path(__file__).parents[2]
TYPED = sorted(
    [*(REPOSITORY / "docs").glob("*.md"), *RUNBOOKS.glob("*.md"), REPOSITORY / "README.md"]
)
PAGES = {page.name: page for page in runbooks()}
NAMED = sorted(set(PAGES) - {"README"})
KINDS = {
    *(("bash", mode) for mode in ("get", "setup", "run", "look")),
    ("text", "seen"),
}
FOLD = "Without the command line"

#: Words that are understood where a page's placeholders stand.
FILLED = {
    "bucket": "lifeboat-bucket",
    "backup": "daily/2026-11-22T020000Z",
    "backup id": "daily/app/2026-11-22T020000Z",
    "moment": "2026-11-22T09:00:00Z",
    "snapshot": "before the move",
    "plan": "2026-11-22T103000Z",
    "function": "public.slug(text)",
    "schemas": "app, public",
    "secret": "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf",
    "parameter": "/lifeboat/app",
    "restored database": "app_restored_20261122t093000z",
    "previous database": "app_before_20261122t094500z",
    "live database": "app",
    "file": "s3://lifeboat-bucket/exports/app/2026-11-22T093000Z/tables.sql.gz",
    "version": "3sL4kqtJlcpXroDTDmJ",
    "address": "ops@example.com",
    "token": "2336412f37fb687f5d51e6e2425f004a",
    "branch": "main",
    "project": "solitary-leaf-288182",
    **{
        f"URL of {what}": "postgresql://user@host/name"
        for what in ("postgres", "the restored database", "the live database", "the new database")
    },
}


PARSERS: dict[str, Callable[[object], object]] = {
    "backup": parse_event,
    "drill": parse_drill_event,
    "monitor": parse_monitor_event,
    "neon-restore": parse_neon_restore_event,
    "restore": parse_restore_event,
}


def blocks(*kinds: tuple[str, str]) -> Iterator[Block]:
    for page in PAGES.values():
        yield from (block for block in page.blocks if block.kind in kinds)


def literals(path: Path, call: str, keyword: str | None) -> set[str]:
    """The texts that a call is given: by that keyword, or else as its first argument."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] != call:
            continue
        given = [each.value for each in node.keywords if each.arg == keyword]
        for value in given if keyword else node.args[:1]:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found


@pytest.mark.parametrize("name", NAMED)
def test_every_page_begins_by_asking_whether_it_is_the_right_one(name: str) -> None:
    title, first, *_ = PAGES[name].headings
    assert first == "Is this the right page?", title


def test_every_page_that_others_rely_on_is_there_and_in_the_index() -> None:
    for source in (*(REPOSITORY / "infra").glob("*.py"), *(REPOSITORY / "functions").rglob("*.py")):
        for name in re.findall(r"docs/runbooks/([\w-]+)\.md", source.read_text()):
            assert name in NAMED, source
    assert {f"{name}.md" for name in NAMED} <= set(PAGES["README"].links)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_lead_to_pages_and_headings_that_are_there(name: str) -> None:
    for link in PAGES[name].links:
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        path = (RUNBOOKS / file).resolve() if file else RUNBOOKS / f"{name}.md"
        assert path.is_file(), link
        assert not anchor or anchor in Page.read(path).anchors, link


def test_every_alarm_and_every_finding_has_its_section_and_no_other_has() -> None:
    alarms = literals(REPOSITORY / "infra" / "alarms.py", "AlarmSpec", "what")
    assert {"backup-too-old", "monitor-heartbeat", "schedule-dead-letters"} <= alarms
    page = PAGES["alarms"]
    sections = re.findall(r"^### ([a-z-]+)$", page.text, re.MULTILINE)
    assert sorted(sections) == sorted(alarms | set(Code))
    for section in sections:
        text = page.text.split(f"### {section}\n")[1].split("\n#")[0]
        assert re.findall(r"^- \*\*(\w+)\*\*: ", text, re.MULTILINE) == ["Means", "Safe", "Do"]


def test_every_check_of_a_drill_is_explained() -> None:
    checks = set()
    for path in (REPOSITORY / "functions/lifeboat").rglob("*.py"):
        for call in ("check_of",) if path.stem == "verdict" else ("add_check", "make_check"):
            checks |= literals(path, call, None)
    assert {"checksum", "restore", "rows", "definitions"} <= checks
    explained = set(re.findall(r"^\| `([a-z]+)` \|", PAGES["drills"].text, re.MULTILINE))
    verdicts = {"proven", "partial", "failed"}
    assert explained == checks | verdicts | {"validation"}


def test_the_stack_is_brought_back_by_the_same_command_everywhere() -> None:
    assert (
        Commands(bucket_name="v", stack="s", region="eu-central-1").revert() in PAGES["alarms"].text
    )


def test_validation_queries_on_the_page_are_such_as_the_settings_take() -> None:
    (block,) = blocks(("toml", "settings"))
    (database,) = tomllib.loads(block.text)["databases"]
    for query in database["validation"]:
        ValidationQuery.model_validate(query)


def test_every_page_that_uses_the_command_line_begins_with_how_to_get_it() -> None:
    gets = {block.text for block in blocks(("bash", "get"))}
    assert len(gets) == 1
    for page in PAGES.values():
        ours = [each for each in page.blocks if each.mode == "get" or _is_ours(each)]
        assert not ours or ours[0].mode == "get", page.name
        assert len(ours) != 1, page.name


def test_every_page_that_uses_the_command_line_ends_with_a_fold_for_whoever_has_none() -> None:
    for page in PAGES.values():
        used = {block.section == FOLD for block in page.blocks if block.mode in {"run", "look"}}
        assert not any(map(_is_ours, page.blocks)) or used == {True, False}, page.name
        for block in page.blocks:
            assert block.section != FOLD or "lifeboat " not in block.text, page.name


def _is_ours(block: Block) -> bool:
    return block.language == "bash" and block.text.startswith("lifeboat ")


def test_a_plain_command_is_as_those_in_mails_are() -> None:
    commands = Commands(bucket_name="v", stack="Lifeboat", region="eu-central-1")
    for block in blocks(("bash", "run"), ("bash", "look")):
        if "aws lambda invoke" in block.text:
            ((function, event),) = block.events()
            assert isinstance(event, dict)
            made = commands._sent(f"Lifeboat-{function}", event)
            assert block.text == made.replace(" --region eu-central-1", "") + "\n", block.line


def test_no_function_is_invoked_twice_by_one_command_and_none_fails_unseen() -> None:
    printed = Commands(bucket_name="v", stack="s", region="eu-central-1").back_up("app")
    once, _, rest = printed.partition(" --region eu-central-1 --function-name ")
    assert once == "AWS_MAX_ATTEMPTS=1 aws lambda invoke"
    for path in (REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")):
        for block in Page.read(path).blocks:
            text = block.text.replace("\\\n", "")
            assert text.count("aws lambda invoke") == text.count(once), f"{path}:{block.line}"
            for option in re.findall(r" (--(?!function|payload)[a-z-]+ [A-Za-z0-9-]+)", rest):
                assert ("aws lambda invoke" in text) <= (option in text), f"{path}:{block.line}"


def test_every_command_on_a_page_is_either_run_or_said_to_need_a_real_console() -> None:
    for page in PAGES.values():
        for block in page.blocks:
            if block.language in {"bash", "sh", "json", "text"}:
                assert block.kind in KINDS, f"{page.name}:{block.line}"


def test_every_placeholder_is_explained_in_the_index() -> None:
    explained = set(re.findall(r"`<([^>]+)>`", PAGES["README"].text))
    used = {name for page in PAGES.values() for name in page.placeholders}
    assert used <= explained
    assert used == set(FILLED) - {"branch"}


def kind_of(name: str) -> str:
    """The kind of function that a function or a sample event is of."""
    return next(each for each in PARSERS if name == each or name.startswith(f"{each}-"))


@pytest.mark.parametrize("name", NAMED)
def test_every_event_on_a_page_is_understood(name: str) -> None:
    for block in PAGES[name].blocks:
        if block.language != "bash" or block.mode == "setup":
            continue
        text = filled(block.text, FILLED)
        for function, event in Block(name, block.line, "", "bash", "", text).events():
            kind = kind_of(function)
            database = function.removeprefix(kind).removeprefix("-")
            PARSERS[kind](event)
            assert database == (event["database"] if kind in {"backup", "drill"} else "")  # type: ignore[index]


@pytest.mark.parametrize("name", NAMED)
def test_every_aws_command_on_a_page_is_one_of_the_cli(name: str) -> None:
    for block in PAGES[name].blocks:
        if block.language != "bash" or block.mode in {"get", "setup"}:
            continue
        for words in Block(name, block.line, "", "", "", filled(block.text, FILLED)).commands():
            if words[0] == "aws":
                parse(_alone(words[1:]))


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.stem)
def test_every_command_of_ours_in_the_documents_is_one_that_there_is(path: Path) -> None:
    for _, name, *arguments in typed(path):
        command = lifeboat.get_command(click.Context(lifeboat), name)
        if command is None:
            raise click.UsageError(f"there is no command {name}")
        assert not any(each.startswith("{") for each in arguments), "events are for functions"
        command.make_context(name, arguments)


def typed(path: Path) -> Iterator[list[str]]:
    """The words of each command of ours in a document: in its blocks, and between backquotes."""
    page = Page.read(path)
    spans = re.findall(r"`(lifeboat [a-z][^`]*)`", page.text)
    lines = [line for block in page.blocks for line in block.text.splitlines()]
    for each in (*spans, *(line for line in lines if line.startswith("lifeboat "))):
        alone = re.split(r" (?:&&|\|\||[|;>&]) ", each)[0]
        yield shlex.split(filled(alone, defaultdict(lambda: "app", FILLED)), comments=True)


@pytest.mark.parametrize(
    "words", [["restore"], ["restor", "app"], ["backup", "app", "--lable", "x"]], ids=" ".join
)
def test_a_misspelled_command_of_ours_would_be_found_out(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"Type `lifeboat {' '.join(words)}`.")
    with pytest.raises(click.UsageError):
        test_every_command_of_ours_in_the_documents_is_one_that_there_is(path)


def _alone(words: list[str]) -> list[str]:
    """Without what comes after a pipe."""
    return words[: words.index("|")] if "|" in words else words


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("s3 cp --recursve a b", "no option --recursve"),
        ("s3api head-objekt --bucket b", "no command head-objekt"),
        ("s3api head-object --bucket b", "needs Key"),
        ("lambda invoke --function-name f --payload {}", "takes 1 file"),
        ("lambda invoke --function f out.json", "no option --function"),
        ("s4 ls", "no service s4"),
    ],
)
def test_a_misspelled_aws_command_would_be_found_out(command: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse(command.split())


def events() -> list[Path]:
    return sorted(EVENTS.glob("*.json"))


@pytest.mark.parametrize("path", events(), ids=lambda path: path.stem)
def test_every_sample_event_is_understood_by_its_function(path: Path) -> None:
    PARSERS[kind_of(path.stem)](json.loads(path.read_text()))


def test_the_sample_events_use_every_key_and_every_action() -> None:
    samples: dict[str, list[dict[str, Any]]] = {kind: [] for kind in PARSERS}
    for path in events():
        samples[kind_of(path.stem)].append(json.loads(path.read_text()))
    for kind, keys in (
        ("backup", OF_BACKUPS),
        ("drill", OF_DRILLS),
        ("neon-restore", OF_NEON_RESTORES),
        ("restore", OF_RESTORES),
    ):
        assert {key for event in samples[kind] for key in event} == set(keys), kind
    assert {event["action"] for event in samples["restore"]} == set(Action)
    assert {"format": "text"} in samples["monitor"]


def settings_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, object]]:
    """Every key that can be set, as it is written, and its default."""
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        inner = [each for each in types_in(field.annotation) if issubclass(each, BaseModel)]
        if not inner or name in {"validation", "network", "transfer", "neon"}:
            yield key, field.default
        if inner and name != "validation":
            yield from settings_of(inner[0], f"{key}[]." if name == "databases" else f"{key}.")


def types_in(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for each in get_args(annotation):
        yield from types_in(each)


def test_every_setting_is_on_its_page_with_its_default() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| ?(.*?) ?\| ?", page, re.MULTILINE)
    told = {key: default.strip("`") for key, default in rows}
    known = {
        re.sub(r"\.(daily|weekly|monthly|manual)\.", ".<tier>.", key): default
        for key, default in settings_of(Settings)
    }
    assert len(rows) == len(told)
    assert told.keys() == known.keys()
    for key, default in known.items():
        if "<tier>" not in key:  # each tier has defaults of its own
            assert told[key] == _as_default(default), key


def _as_default(default: object) -> str:
    """As the page writes it: TOML, which has no word for None."""
    if default is PydanticUndefined:
        return ""
    return "not set" if default is None else json.dumps(default)

"""AWS CLI commands read with the SDK's own description of each service, and run without the CLI.

The CLI is built on these descriptions: an operation's name and its options are those of the API,
spelled with dashes. So a command that is misspelled in a page is found out here as there.
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-commandstructure.html
"""

import base64
import json
import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel, Shape

_LOADER = create_loader()
_SWITCHES = {"--no-cli-pager"}
_GLOBAL = {"--query", "--output", "--cli-read-timeout", "--cli-binary-format", "--region"}
_S3 = {"cp": {"--recursive", "--force-glacier-transfer"}, "ls": {"--recursive", "--summarize"}}
_LOGS = {"tail": {"--since"}}
_RENAMED = {("Subscribe", "Endpoint"): "notification-endpoint"}
"""https://github.com/aws/aws-cli/blob/v2/awscli/customizations/argrename.py"""
_STREAMS = {"/dev/stdout", "/dev/stderr"}


class UsageError(Exception):
    """The CLI would not understand this."""


@dataclass
class Call:
    """One command.

    Attributes:
        service: the first word, such as "s3api".
        operation: the second.
        parameters: of the API, or a high-level command's options without a value.
        files: what isn't an option: files, and addresses in S3.
        options: those that every command takes.
    """

    service: str
    operation: str
    parameters: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class Said:
    """What a program wrote, and how it ended.

    Attributes:
        opened: text for /dev/stdout and its kind, each opened as a file before the rest is written.
            Where that is a file on disk, it is emptied, and what the program goes on to write
            begins at its start again.
    """

    out: str = ""
    err: str = ""
    code: int = 0
    opened: dict[str, str] = field(default_factory=dict)


def parse(argv: Sequence[str], stdin: bytes = b"") -> Call:
    """The call that a command makes; `argv` begins with the service.

    Raises:
        UsageError: there is no such command or option, or one is missing.
    """
    if len(argv) < 2:
        raise UsageError("aws takes a service and a command")
    call, rest = Call(argv[0], argv[1]), list(argv[2:])
    model = None if (call.service, call.operation) in _highlevel() else _operation(call)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            call.files.append(word)
        elif word in _SWITCHES:
            pass
        elif word in _GLOBAL:
            call.options[word] = _value(word, rest)
        elif model is None:
            _highlevel_option(call, word, rest)
        else:
            name, shape = _member(model, word)
            call.parameters[name] = _converted(shape, word, rest, stdin)
    if model is not None:
        _require_whole(model, call)
    return call


def _highlevel() -> set[tuple[str, str]]:
    return {("s3", name) for name in _S3} | {("logs", name) for name in _LOGS}


def _highlevel_option(call: Call, word: str, rest: list[str]) -> None:
    if word not in {**_S3, **_LOGS}[call.operation]:
        raise UsageError(f"aws {call.service} {call.operation} has no option {word}")
    call.parameters[word] = _value(word, rest) if call.service == "logs" else True


def _operation(call: Call) -> OperationModel:
    name = "s3" if call.service == "s3api" else call.service
    try:
        service = ServiceModel(_LOADER.load_service_model(name, "service-2"), name)
    except Exception as error:
        raise UsageError(f"aws has no service {call.service}") from error
    for operation in service.operation_names:
        if xform_name(operation, "-") == call.operation:
            return service.operation_model(operation)
    raise UsageError(f"aws {call.service} has no command {call.operation}")


def _member(model: OperationModel, word: str) -> tuple[str, Shape]:
    for name, shape in (model.input_shape.members if model.input_shape else {}).items():
        option = _RENAMED.get((model.name, name), xform_name(name, "-"))
        switch = shape.type_name == "boolean"
        if word == f"--{option}" or (switch and word == f"--no-{option}"):
            return name, shape
    raise UsageError(f"{model.name} has no option {word}")


def _value(word: str, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"{word} has no value")
    return rest.pop(0)


def _converted(shape: Shape, word: str, rest: list[str], stdin: bytes) -> Any:
    if shape.type_name == "boolean":
        return not word.startswith("--no-")
    text = _value(word, rest)
    if text == "file:///dev/stdin":
        text = stdin.decode()
    match shape.type_name:
        case "structure" | "map" | "list":
            try:
                return json.loads(text)
            except ValueError:
                return [text, *_further(rest)]
        case "integer" | "long":
            return int(text)
        case _:
            return text


def _further(rest: list[str]) -> Iterator[str]:
    while rest and not rest[0].startswith("--"):
        yield rest.pop(0)


def _require_whole(model: OperationModel, call: Call) -> None:
    missing = set(model.input_shape.required_members if model.input_shape else ()) - set(
        call.parameters
    )
    if missing:
        raise UsageError(f"{model.name} needs {', '.join(sorted(missing))}")
    wanted = 1 if model.has_streaming_output else 0
    if len(call.files) != wanted:
        raise UsageError(f"{model.name} takes {wanted} file, not {call.files}")


@dataclass(frozen=True)
class AwsCommands:
    """Runs commands against whatever AWS its clients lead to.

    Attributes:
        client: makes a boto3 client of a service, with a configuration.
    """

    client: Callable[[str, Config | None], Any]

    def run(self, argv: Sequence[str], directory: Path, stdin: bytes) -> Said:
        said = Said()
        try:
            call = parse(argv, stdin)
            self._run(call, directory, said)
        except UsageError as error:
            said.err, said.code = f"aws: error: {error}\n", 252
        except (BotoCoreError, ClientError) as error:
            said.err, said.code = f"\n{error}\n", 254
        return said

    def _run(self, call: Call, directory: Path, said: Said) -> None:
        match call.service, call.operation:
            case "s3", "ls":
                self._list(call, said)
            case "s3", "cp":
                self._copy(call, directory, said)
            case "logs", "tail":
                self._tail(call, said)
            case _:
                self._call(call, directory, said)

    def _call(self, call: Call, directory: Path, said: Said) -> None:
        seconds = int(call.options.get("--cli-read-timeout", "60"))
        service = "s3" if call.service == "s3api" else call.service
        client = self.client(
            service, Config(read_timeout=seconds, retries={"total_max_attempts": 1})
        )
        answer = getattr(client, call.operation.replace("-", "_"))(**call.parameters)
        del answer["ResponseMetadata"]
        for name, value in list(answer.items()):
            if hasattr(value, "read"):
                _write(call.files[0], value.read(), directory, said)
                del answer[name]
        said.out += _printed(answer, call.options)

    def _list(self, call: Call, said: Said) -> None:
        s3 = self.client("s3", None)
        if not call.files:
            said.out = "".join(
                f"{each['CreationDate']:%Y-%m-%d %H:%M:%S} {each['Name']}\n"
                for each in s3.list_buckets()["Buckets"]
            )
            return
        bucket, prefix = _address(call.files[0])
        delimiter = {} if "--recursive" in call.parameters else {"Delimiter": "/"}
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **delimiter)
        base = 0 if "--recursive" in call.parameters else prefix.rfind("/") + 1
        for each in found.get("CommonPrefixes", ()):
            said.out += f"{'PRE':>30} {each['Prefix'][base:]}\n"
        objects = found.get("Contents", ())
        for each in objects:
            when, name = f"{each['LastModified']:%Y-%m-%d %H:%M:%S}", each["Key"][base:]
            said.out += f"{when} {each['Size']:>10} {name}\n"
        if "--summarize" in call.parameters:
            total = sum(each["Size"] for each in objects)
            said.out += f"\nTotal Objects: {len(objects)}\n   Total Size: {total}\n"
        said.code = 0 if said.out else 1

    def _copy(self, call: Call, directory: Path, said: Said) -> None:
        if len(call.files) != 2:
            raise UsageError(f"cp takes two addresses, not {call.files}")
        source, target = call.files
        s3 = self.client("s3", None)
        if not source.startswith("s3://"):
            bucket, key = _address(target)
            s3.put_object(Bucket=bucket, Key=key, Body=(directory / source).read_bytes())
            return
        bucket, key = _address(source)
        if "--recursive" not in call.parameters:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            _write(_target(target, key, directory), body, directory, said)
            return
        for each in s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", ()):
            cold = each.get("StorageClass") in {"GLACIER", "DEEP_ARCHIVE"}
            if cold and "--force-glacier-transfer" not in call.parameters:
                said.err += f"warning: Skipping file s3://{bucket}/{each['Key']}.\n"
                said.code = 2
                continue
            path = directory / target / each["Key"].removeprefix(key).lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())

    def _tail(self, call: Call, said: Said) -> None:
        since = call.parameters.get("--since", "10m")
        unit = {"m": "minutes", "h": "hours", "d": "days"}[since[-1]]
        start = datetime.now(UTC) - timedelta(**{unit: int(since[:-1])})
        found = self.client("logs", None).filter_log_events(
            logGroupName=call.files[0], startTime=int(start.timestamp() * 1000)
        )
        said.out = "".join(f"{each['message'].rstrip()}\n" for each in found["events"])


def _address(text: str) -> tuple[str, str]:
    if not text.startswith("s3://"):
        raise UsageError(f"{text} is no address in S3")
    bucket, _, key = text.removeprefix("s3://").partition("/")
    return bucket, key


def _target(target: str, key: str, directory: Path) -> str:
    if target == "-":
        return "/dev/stdout"
    inside = target.endswith("/") or (directory / target).is_dir()
    return str(Path(target) / posixpath.basename(key)) if inside else target


def _write(file: str, body: bytes, directory: Path, said: Said) -> None:
    if file in _STREAMS:
        said.opened[file] = body.decode()
    else:
        (directory / file).write_bytes(body)


def _printed(answer: Any, options: dict[str, str]) -> str:
    if "--query" in options:
        answer = jmespath.search(options["--query"], answer)
    if options.get("--output") == "text":
        lines = answer if isinstance(answer, list) else [answer]
        return "".join(f"{each}\n" for each in lines)
    if answer in ({}, None):
        return ""
    return json.dumps(answer, indent=4, default=_plain) + "\n"


def _plain(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)

"""What a build runs: the buildspec as commands by phase, and these as a program for sh.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

PHASES = ("install", "pre_build", "build", "post_build")

KNOWN = {"commands", "runtime-versions"}
"""What a phase may have here; what CodeBuild also knows fails the build instead of being lost."""


class BuildspecError(ValueError):
    """The buildspec is wrong, or has what this local AWS hasn't."""


@dataclass(frozen=True)
class Buildspec:
    """A buildspec of version 0.2.

    Attributes:
        variables: what it sets, unless the project does.
        commands: by phase.
    """

    variables: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]


def read(text: str) -> Buildspec:
    """The buildspec in `text`, in YAML or JSON.

    Raises:
        BuildspecError: it is none that this local AWS can run.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildspecError(f"not YAML: {error}") from error
    if not isinstance(document, dict):
        raise BuildspecError("only a buildspec within the project is implemented here")
    _refuse_unknown(document, {"version", "env", "phases"}, "buildspec")
    if str(document.get("version")) != "0.2":
        raise BuildspecError(f"version {document.get('version')} instead of 0.2")
    environment, phases = document.get("env") or {}, document.get("phases") or {}
    _refuse_unknown(environment, {"variables"}, "env")
    _refuse_unknown(phases, {*PHASES}, "phases")
    for name, phase in phases.items():
        _refuse_unknown(phase, KNOWN, name)
        if not all(isinstance(each, str) for each in phase.get("commands") or ()):
            raise BuildspecError(f"{name}: expected a list of commands, each a text")
    return Buildspec(
        {name: str(value) for name, value in (environment.get("variables") or {}).items()},
        {name: tuple((phases.get(name) or {}).get("commands") or ()) for name in PHASES},
    )


def _refuse_unknown(found: Mapping[str, object], known: set[str], where: str) -> None:
    if unknown := found.keys() - known:
        names = ", ".join(sorted(unknown))
        raise BuildspecError(f"{where}: {names}: not implemented by this local AWS")


def program(spec: Buildspec, phases: Sequence[str], mark: str) -> str:
    """A program for sh that runs the commands of `phases` one after the other.

    All run in one shell, so that a directory and a variable stay, as they do in CodeBuild. The
    program tells in its output what it does: see `said`. After a failed command no other of its
    phase runs; after a failed phase only what follows BUILD.
    """
    lines = [f"__say() {{ printf '%s %s %s\\n' {shlex.quote(mark)} \"$@\"; }}"]
    for phase in phases:
        lines += [f"__failed=0; __say phase {phase}"]
        for number, command in enumerate(spec.commands[phase]):
            lines += [
                'if [ "$__failed" = 0 ]; then',
                f"__say run {number}",
                f"eval {shlex.quote(command)}",
                '__failed=$?; __say status "$__failed"',
                "fi",
            ]
        if phase == "build":
            lines += ['[ "$__failed" = 0 ] || export CODEBUILD_BUILD_SUCCEEDING=0']
        else:
            lines += ['[ "$__failed" = 0 ] || exit "$__failed"']
    return "\n".join([*lines, "__say end 0", ""])


def said(line: str, mark: str) -> Iterator[tuple[str, str]]:
    """What a line of output means, as (kind, value).

    `program` says ("phase", name), ("run", number), ("status", exit code), ("end", "0"); all else
    is ("text", the line), also what stands before such a word for lack of a line feed.
    """
    found = re.fullmatch(rf"(.*){re.escape(mark)} (phase|run|status|end) (\w+)", line, re.DOTALL)
    if not found:
        yield "text", line
        return
    text, kind, value = found.groups()
    if text:
        yield "text", text
    yield kind, value

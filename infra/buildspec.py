"""What a job's build does: the commands that CodeBuild gives to its shell."""

import json

POSTGRES, PYTHON = "postgres", "python"
"""Names of the sources beside the code; CodeBuild names a variable after each."""

_UNPACKED = f"$CODEBUILD_SRC_DIR_{POSTGRES}/lib/postgresql"

COMMANDS = (
    # The archives keep the modes of files, but nobody promises that they survive the unpacking.
    # A drill's server runs as another user than root, and has to read all this.
    f'chmod -R a+rX "$CODEBUILD_SRC_DIR" "$CODEBUILD_SRC_DIR_{PYTHON}"',
    f'chmod -R a+rX "$CODEBUILD_SRC_DIR_{POSTGRES}"',
    f'chmod -R a+rx "{_UNPACKED}"/*/bin',
    f'export LIFEBOAT_POSTGRES_ROOT="{_UNPACKED}"',
    f'export PYTHONPATH="$CODEBUILD_SRC_DIR:$CODEBUILD_SRC_DIR_{PYTHON}/python"',
    "python3 -m lifeboat.runtime.job",
)
"""All run in one shell, the last of them as its child: CodeBuild still needs the shell."""

BUILDSPEC = json.dumps(
    {
        "version": "0.2",
        "phases": {
            "install": {"runtime-versions": {"python": "3.13"}},
            "build": {"commands": list(COMMANDS)},
        },
    }
)
"""What a build does, in JSON, which is YAML. What to do is in the environment, so that this text is
the same for all projects.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

"""What a build finds when it begins: its sources and its environment."""

import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.clock import CLOCK
from tools.ministack_patches.build_record import BuildRecord, Ended


def download(build: BuildRecord, client: Any, directory: Path) -> dict[str, Path]:  # noqa: ANN401 - boto3's
    """Fetch and unpack all sources below `directory`; returns their directories, by variable.

    Args:
        build: with its sources.
        client: of S3, with the rights of the project's role.
        directory: the build's own.

    Raises:
        Ended: one can't be had.
    """
    found = {}
    for source in [build["source"], *(build.get("secondarySources") or ())]:
        identifier = source.get("sourceIdentifier")
        name = f"CODEBUILD_SRC_DIR_{identifier}" if identifier else "CODEBUILD_SRC_DIR"
        found[name] = target = directory / "src" / (identifier or "src")
        target.mkdir(parents=True)
        if source["type"] == "NO_SOURCE":
            continue
        bucket, _, key = source["location"].partition("/")
        archive = directory / "source.zip"
        try:
            body = client.get_object(Bucket=bucket, Key=key)["Body"]
            with archive.open("wb") as file:
                copyfileobj(body, file)
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(target)
        except (BotoCoreError, ClientError, zipfile.BadZipFile) as error:
            which = f"secondary source {identifier}" if identifier else "primary source"
            text = f"{error} for {which} and source version arn:aws:s3:::{source['location']}"
            raise Ended("FAILED", "CLIENT_ERROR", text) from error
        archive.unlink()
    return found


def environment(
    build: BuildRecord, directory: Path, variables: Mapping[str, str], *, region: str, url: str
) -> dict[str, str]:
    """The whole environment of a build: CodeBuild's variables and the project's.

    PATH begins with the Python that functions run on, without what else is installed for it.
    https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html

    Args:
        build: with the project's variables.
        directory: the build's own.
        variables: those of the buildspec, before which the project's go.
        region: of the build.
        url: of the credentials.
    """
    for name in ("bin", "home", "tmp"):
        (directory / name).mkdir()
    interpreter = Path(sys.executable).resolve()
    for name in ("python", "python3", interpreter.name):
        (directory / "bin" / name).symlink_to(interpreter)
    described = build["environment"]
    own = {each["name"]: each["value"] for each in described["environmentVariables"]}
    here = {
        "PATH": f"{directory / 'bin'}:/usr/bin:/bin",
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "tmp"),
        "LC_CTYPE": "C.UTF-8",
        "AWS_ENDPOINT_URL": f"https://localhost:{os.environ['GATEWAY_PORT']}",
        "AWS_CA_BUNDLE": os.environ["LIFEBOAT_CA_FILE"],
        # In AWS the same is at AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; no key is in a variable.
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
    }
    codebuild = {
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": described.get("image", ""),
        "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_LOG_PATH": build["logs"].get("streamName", ""),
        "CODEBUILD_START_TIME": str(int(build["startTime"] * 1000)),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    return CLOCK | here | dict(variables) | own | codebuild

"""A throw-away S3 server that is fast and keeps objects on disk: `rclone serve s3`.

It has no versions, no object lock, no conditional writes and no roles; `local.aws` has those. It
is for large objects: it streams what it gets to disk and needs little memory itself.
https://rclone.org/commands/rclone_serve_s3/
"""

import os
import secrets
import socket
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil

from lifeboat.s3.bucket import s3_client
from local.certificates import issue
from local.ports import free_port
from local.supervised_process import StartError, SupervisedProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

START_SECONDS = 20.0
REGION = "us-east-1"


class RcloneS3:
    """A running S3 server on 127.0.0.1, empty at its start; it and its files end with us.

    Attributes:
        endpoint: its URL.
        port: in it.
        ca_file: the authority behind its certificate; None for plain HTTP.
        files: the directory in which each bucket is a directory, and each object a file.
    """

    def __init__(
        self,
        *,
        port: int,
        files: Path,
        key: tuple[str, str],
        ca_file: Path | None,
        supervised: SupervisedProcess,
    ) -> None:
        self.endpoint = f"{'https' if ca_file else 'http'}://127.0.0.1:{port}"
        self.ca_file = ca_file
        self.files = files
        self.port = port
        self._key = key
        self._supervised = supervised
        self._await_ready()

    @classmethod
    def start(cls, root: Path | None = None, *, tls: bool = False) -> Self:
        """Start it on a free port; about half a second.

        Args:
            root: where its directory is made; default the system's temporary directory.
            tls: speak HTTPS only, with a certificate for localhost and 127.0.0.1 (see `ca_file`).

        Raises:
            StartError: it ended or did not listen within 20 seconds.
        """
        home = Path(tempfile.mkdtemp(prefix="lifeboat-s3-", dir=root))
        files = home / "files"
        files.mkdir()
        port = free_port()
        key = ("local", secrets.token_urlsafe(18))
        # Otherwise it hashes every object a second time, on cores that what we measure needs.
        options = [f"--addr=127.0.0.1:{port}", "--ignore-checksum"]
        certificate = issue(home) if tls else None
        if certificate:
            options += [f"--cert={certificate.certificate_file}", f"--key={certificate.key_file}"]
        program = Path(sysconfig.get_path("scripts")) / "rclone"
        supervised = SupervisedProcess(
            [str(program), "serve", "s3", *options, str(files)],
            owns=home,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(home),
                "RCLONE_CONFIG": str(home / "none"),  # not the user's, which may hold real remotes
                "RCLONE_CACHE_DIR": str(home / "cache"),
                "RCLONE_AUTH_KEY": f'"{",".join(key)}"',  # not in argv, which everybody may read
            },
        )
        ca_file = certificate.ca_file if certificate else None
        return cls(port=port, files=files, key=key, ca_file=ca_file, supervised=supervised)

    def environment(self) -> Mapping[str, str]:
        """The variables by which boto3 and the AWS CLI find this server, and no other."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self._key[0],
            "AWS_SECRET_ACCESS_KEY": self._key[1],
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **({"AWS_CA_BUNDLE": str(self.ca_file)} if self.ca_file else {}),
        }

    def client(self) -> "S3Client":
        """The product's own client, for this server."""
        return s3_client(
            endpoint_url=self.endpoint,
            aws_access_key_id=self._key[0],
            aws_secret_access_key=self._key[1],
            region_name=REGION,
            verify=str(self.ca_file) if self.ca_file else None,
        )

    def process(self) -> psutil.Process:
        """The server's process, to measure it; between it and us stands its supervisor."""
        address = f"--addr=127.0.0.1:{self.port}"
        family = psutil.Process().children(recursive=True)
        return next(each for each in family if address in each.cmdline())

    def stop(self) -> None:
        """End the server and remove its files; harmless when repeated."""
        self._supervised.stop()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self._supervised.ended():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self._supervised.stop()
        raise StartError(
            f"rclone did not serve S3. Its log: {self._supervised.log_tail()}",
            todo="Look for the reason in the log above.",
        )

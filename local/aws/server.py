"""The local AWS as a context manager."""

import os
import shutil
import signal
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import create_loader

from local.aws import deploy, trust
from local.certificates import ServerCertificate, issue
from local.clock import CLOCK
from local.ports import free_port
from local.supervised_process import StartError, SupervisedProcess

REPOSITORY = Path(__file__).parents[2]
INTERPRETER = REPOSITORY / ".venv-localaws" / "bin" / "python"
START_SECONDS = 60.0  # the very first start compiles ministack
_MODELS = create_loader()
"""The services' descriptions, read once: they are what takes long about a new client."""


class LocalAws:
    """A running AWS of one account and one region, empty at its start, gone when we are.

    Roles and policies are enforced, except for the account's own root keys, which
    `environment()` and `client()` use. All state is in memory.

    Attributes:
        endpoint: the URL of every service.
        ca_file: a PEM file of this server's certificate authority: who talks to nobody else
            needs no more, and saves the tenth of a second that it takes to read all others.
        ca_bundle: a PEM file of the machine's certificate authorities and this server's.
        account: the account's id.
        region: the region's name.
    """

    account = "000000000000"
    region = "us-east-1"

    def __init__(
        self, *, port: int, ca_file: Path, ca_bundle: Path, supervised: SupervisedProcess
    ) -> None:
        self.endpoint = f"https://localhost:{port}"
        self.ca_file = ca_file
        self.ca_bundle = ca_bundle
        self._supervised = supervised
        self._root = self._session("test", "test")
        self._turn = threading.Lock()

    @classmethod
    def start(
        cls,
        root: Path | None = None,
        *,
        interpreter: Path = INTERPRETER,
        leave_open: Iterable[str] = (),
        alarm_period_seconds: float | None = None,
        build_limit: int | None = None,
        build_minute_seconds: float | None = None,
    ) -> Self:
        """Start it on a free port of 127.0.0.1; about two seconds.

        Args:
            root: where its temporary directory is made; default the system's.
            interpreter: the Python of the environment that holds ministack.
            leave_open: names of gaps (see `tools.ministack_patches`) not to close, for their tests.
            alarm_period_seconds: how long each period of every CloudWatch alarm lasts, so that
                what takes hours in AWS takes seconds; None: as long as the alarm says.
            build_limit: how many builds of CodeBuild run at a time; five times as many wait, and
                more are refused. None: 60.
            build_minute_seconds: how long a minute of a build's limits lasts; None: a minute.

        Raises:
            StartError: it ended or did not answer within a minute.
        """
        home = Path(tempfile.mkdtemp(prefix="lifeboat-aws-", dir=root))
        try:
            certificate = issue(home)
            ca_bundle = home / "ca-bundle.pem"
            trust.write_bundle(ca_bundle, certificate.ca_file)
            # Clients inside the server know the authority by the file of the server itself.
            chain = home / "chain.pem"
            chain.write_bytes(
                certificate.certificate_file.read_bytes() + certificate.ca_file.read_bytes()
            )
        except BaseException:
            shutil.rmtree(home)
            raise
        known = ssl.create_default_context(cafile=str(certificate.ca_file))
        port = free_port()
        environment = _server_environment(home, port, chain, certificate)
        for name, value in (
            ("LIFEBOAT_ALARM_PERIOD", alarm_period_seconds),
            ("LIFEBOAT_BUILD_LIMIT", build_limit),
            ("LIFEBOAT_BUILD_MINUTE", build_minute_seconds),
        ):
            if value is not None:
                environment[name] = str(value)
        supervised = SupervisedProcess(
            [str(interpreter), "-m", "tools.ministack_patches", *leave_open],
            owns=home,
            env=environment,
            stop_signal=signal.SIGKILL,  # its state is in memory and ends anyway
        )
        running = cls(
            port=port, ca_file=certificate.ca_file, ca_bundle=ca_bundle, supervised=supervised
        )
        running._await_ready(known)
        return running

    def client(
        self, service: str, role_arn: str | None = None, config: Config | None = None
    ) -> Any:  # noqa: ANN401 - boto3's own types differ by service
        """A boto3 client of `service`: as the account's root, or as the role `role_arn`.

        Unlike in a real account the root may assume roles that trust a service only, so that a
        test can try what a function may.
        """
        session = self._root
        if role_arn:
            sts = self.client("sts")
            given = sts.assume_role(RoleArn=role_arn, RoleSessionName="local")["Credentials"]
            session = self._session(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            )
        with self._turn:  # several threads may use a session's clients, but not make them
            return session.client(
                service, endpoint_url=self.endpoint, verify=str(self.ca_file), config=config
            )

    def _session(self, key: str, secret: str, token: str | None = None) -> Any:  # noqa: ANN401
        core: Any = botocore.session.Session()
        core.register_component("data_loader", _MODELS)
        return boto3.Session(key, secret, token, self.region, core)

    def environment(self) -> dict[str, str]:
        """The whole environment for a program that shall use this AWS and no other.

        It is ours without everything that could lead to a real account.
        """
        ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return ours | self.variables()

    def variables(self) -> dict[str, str]:
        """What leads a program to this AWS, and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **dict.fromkeys(trust.VARIABLES, str(self.ca_bundle)),
        }

    def bootstrap(self) -> None:
        """Make what `cdk bootstrap` makes and `deploy` needs: the assets' bucket, the version."""
        deploy.bootstrap(self.client("s3"), self.client("ssm"), self.account, self.region)

    def deploy(self, assembly: Path) -> dict[str, str]:
        """Deploy every stack of a synthesised assembly (a cdk.out); returns their outputs.

        Raises:
            DeployError: a stack failed; says which resources and why.
        """
        return deploy.deploy(
            assembly, self.client("s3"), self.client("cloudformation"), self.account, self.region
        )

    def log(self) -> str:
        """The end of the server's own log."""
        return self._supervised.log_tail()

    def stop(self) -> None:
        """End the server and its functions and remove their files; harmless when repeated."""
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

    def _await_ready(self, known: ssl.SSLContext) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self._supervised.ended():
            if self._answers(known):
                return
            time.sleep(0.02)
        self._supervised.stop()
        raise StartError(
            f"The local AWS did not start. Its log: {self._supervised.log_tail()}",
            todo="When the log names ministack, its version may not be the locked one: "
            "requirements/localaws.txt has to be installed in .venv-localaws.",
        )

    def _answers(self, known: ssl.SSLContext) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", context=known):  # noqa: S310
                return True
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLError):
                raise
            return False


def _server_environment(
    home: Path, port: int, chain: Path, certificate: ServerCertificate
) -> dict[str, str]:
    """The server's whole environment, without AWS_ENDPOINT_URL: then functions get its own."""
    temporary = home / "tmp"
    temporary.mkdir()
    return CLOCK | {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(REPOSITORY),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(chain),
        "MINISTACK_SSL_KEY": str(certificate.key_file),
        "LIFEBOAT_CA_FILE": str(certificate.ca_file),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }

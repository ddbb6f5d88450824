"""Branches that runs read, without Lambda: the broker in this process, and a stand-in for Neon."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import psycopg
import urllib3
from aws_lambda_powertools import Logger
from psycopg import sql

from lifeboat.backup.branch_source import NeonBranch
from lifeboat.errors import LifeboatError
from lifeboat.model.branches import BranchRequest, parse_branch_request
from lifeboat.model.engine import Engine
from lifeboat.neon_broker.branch_secrets import BranchSecrets
from lifeboat.neon_broker.broker import Broker
from lifeboat.postgres.login import Login, read_login
from lifeboat.runtime.branch_broker import BranchBroker
from lifeboat.settings import BrokeredDatabase, BrokerSettings, NeonSettings
from local.aws import LocalAws
from local.neon import FakeNeon
from local.neon.server import Key
from local.neon.storage import DATABASE, Line
from tests.support.backup_harness import eventually
from tests.support.neon_contract import ContractPool
from tests.support.secret_stores import store_of

KEY = "napi_br4nch0bait1234567890"
ROLE = "lifeboat"
PASSWORD = "br4nch-b4it-1234567890"
FUNCTION = "Lifeboat-neon-broker"


@dataclass
class BranchLab:
    """A database in Neon, whose backups read a branch.

    Attributes:
        neon: where it is.
        arns: of the secrets: of the key, of the database, of a backup's branch, of a drill's.
        said: everything that the broker has answered.
        log: what it has logged.
        pool: the HTTP client; None: one that holds both sides to Neon's contract.
        events: what runs have logged.
    """

    aws: LocalAws
    neon: FakeNeon
    arns: Mapping[str, str]
    folder: Path
    said: list[str] = field(default_factory=list)
    log: StringIO = field(default_factory=StringIO)
    pool: urllib3.PoolManager | None = None
    events: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    @classmethod
    def make(cls, aws: LocalAws, neon: FakeNeon, folder: Path) -> "BranchLab":
        """With a role of its own, whose password Neon knows, as it knows every one."""
        neon.control.operation_seconds = 0.02
        with neon.control.line_of(neon.project.main).server.admin(DATABASE) as owner:
            owner.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(ROLE), sql.Literal(PASSWORD)
                )
            )
            owner.execute(f"GRANT pg_read_all_data TO {ROLE}")
        line = neon.control.line_of(neon.project.main)
        line.passwords[ROLE] = PASSWORD
        gateway = neon.project.main.endpoint and neon.project.main.endpoint.gateway
        assert gateway
        url = f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{gateway.port}/{DATABASE}"
        texts = {"key": KEY, "database": url, "branch": "-", "drill": "-"}
        manager = aws.client("secretsmanager")
        arns = {
            name: manager.create_secret(Name=f"lab/{folder.name}/{name}", SecretString=text)["ARN"]
            for name, text in texts.items()
        }
        for each in ("branch", "drill"):
            manager.put_secret_value(SecretId=arns[each], SecretString="-")
        return cls(aws, neon, arns, folder)

    def renew(self) -> None:
        """As it was before a test; branches have no data of their own, which takes a second."""
        self.neon.control.advance(datetime.now(UTC) - self.neon.control.now())
        self.neon.control.is_punctual = True
        self.neon.control.makes_copies = False
        self.neon.control.failing = []
        self.neon.faults = []
        self.pool = None
        self.neon.requests.clear()
        self.neon.keys = {KEY: Key()}
        self.neon.project.branches_limit = 10
        self.neon.project.main.protected = False
        self.said.clear()
        self.events.clear()
        self.log.truncate(0)

    @property
    def line(self) -> Line:
        """The data of the database's own branch."""
        return self.neon.control.line_of(self.neon.project.main)

    def owner(self) -> psycopg.Connection:
        """The superuser of the database itself, past Neon's proxy."""
        return self.line.server.admin(DATABASE)

    def names(self) -> list[str]:
        """The names of the project's branches, when Neon has done what it was asked for."""
        eventually(lambda: not self.neon.project.busy)
        return [each.name for each in self.neon.project.branches.values()]

    def login(self) -> Login:
        """How to log in to the database itself."""
        return read_login(store_of(self.aws), self.arns["database"], self.folder)

    def broker(self, **changed: Any) -> Broker:
        neon = NeonSettings(project_id=self.neon.project.id, api_key_secret_arn=self.arns["key"])
        app = BrokeredDatabase(name="app", neon=neon, secret_arn=self.arns["database"], drills=True)
        usual: dict[str, Any] = {
            "settings": BrokerSettings(databases=(app,), job_hours=12),
            "secrets": store_of(self.aws),
            "branch_secrets": BranchSecrets(
                lambda: self.aws.client("secretsmanager"),
                {"backup": {"app": self.arns["branch"]}, "drill": {"app": self.arns["drill"]}},
            ),
            "remaining": lambda: 75.0,
            "now": datetime.now(UTC),
            "logger": Logger(service=f"lifeboat-broker-{id(self.log)}", stream=self.log),
            "pool": self.pool or ContractPool(),
            "base_url": self.neon.url,
        }
        return Broker(**usual | changed)

    def source(self, run: str = "run-1", engine: Engine = Engine.FUNCTION) -> NeonBranch:
        request = BranchRequest(action="create", database="app", run=run, engine=engine)
        return NeonBranch(
            self.asked("branch"),
            request,
            self.login,
            self.folder,
            lambda event, details: self.events.append((event, details)),
        )

    def asked(self, secret: str) -> BranchBroker:
        """The broker, as a run asks it that reads this secret."""
        return BranchBroker(FUNCTION, self.arns[secret], store_of(self.aws), client=lambda: self)

    def invoke(self, **asked: Any) -> dict[str, Any]:
        """In the place of Lambda: the broker answers at once, also what nobody waits for."""
        assert asked["FunctionName"] == FUNCTION
        failed: dict[str, str] = {}
        try:
            request = parse_branch_request(json.loads(asked["Payload"]))
            text = json.dumps(self.broker().carry_out(request).as_json())
        except LifeboatError as error:
            failed = {"FunctionError": "Unhandled"}
            text = json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)})
        self.said.append(text)
        return {"Payload": BytesIO(text.encode()), **failed}

    def written(self) -> str:
        """Everything that somebody could read: answers, the broker's log, and the run's events."""
        return "\n".join([*self.said, self.log.getvalue(), repr(self.events)])

    def kept(self, stage: str, secret: str = "branch") -> str:
        """What the branch's secret has now, or had before."""
        found = self.aws.client("secretsmanager").get_secret_value(
            SecretId=self.arns[secret], VersionStage=stage
        )
        return str(found["SecretString"])

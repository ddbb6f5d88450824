"""app.py as the CDK CLI runs it: a process that gets its context in the environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.stack.stacks import ACCOUNT, PLAIN, REGION, ROOT


def run_app(outdir: Path, context: dict[str, object]) -> subprocess.CompletedProcess[str]:
    configured = json.loads((ROOT / "cdk.json").read_text())["context"]
    environment = os.environ | {
        "CDK_CONTEXT_JSON": json.dumps(configured | context),
        "CDK_OUTDIR": str(outdir),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
    }
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fresh_checkout_says_what_to_do_first_and_shows_no_traceback(tmp_path: Path) -> None:
    done = run_app(tmp_path, {})

    assert done.returncode == 1
    assert "lifeboat.databases.0.secret_arn is" in done.stderr
    assert "aws secretsmanager create-secret" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_app_synthesizes_the_stack_with_its_real_layers_and_warns(tmp_path: Path) -> None:
    done = run_app(
        tmp_path,
        {
            "lifeboat": PLAIN,
            "lifeboat.databases.0.cron": "0 2 ? * MON-SAT *",
            "stack_name": "Trial",
        },
    )

    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "Trial.template.json").read_text())
    names = {
        each["Properties"]["FunctionName"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    }
    assert names == {
        "Trial-backup-app",
        "Trial-backup-shop",
        "Trial-drill-app",
        "Trial-drill-shop",
        "Trial-restore",
        "Trial-monitor",
    }
    assert "tiers without any run: weekly" in done.stderr
    assert list(tmp_path.glob("asset.*/lib/postgresql/*/bin/pg_dump"))
    assert list(tmp_path.glob("asset.*/lib/postgresql/*/bin/postgres"))
    assert list(tmp_path.glob("asset.*/python/psycopg"))

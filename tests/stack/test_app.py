"""app.py as the CDK CLI runs it: a process that gets its context in the environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.stack.stacks import ACCOUNT, PLAIN, REGION, ROOT


def run_app(
    outdir: Path, context: dict[str, object], toml: str | None = None
) -> subprocess.CompletedProcess[str]:
    """In a directory of its own, so that a lifeboat.toml of whoever runs the tests isn't read."""
    configured = json.loads((ROOT / "cdk.json").read_text())["context"]
    place = outdir / "checkout"
    place.mkdir()
    if toml is not None:
        (place / "lifeboat.toml").write_text(toml)
    environment = os.environ | {
        "CDK_CONTEXT_JSON": json.dumps(configured | context),
        "CDK_OUTDIR": str(outdir),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
    }
    return subprocess.run(
        [sys.executable, ROOT / "app.py"],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fresh_checkout_says_what_to_do_first_and_shows_no_traceback(tmp_path: Path) -> None:
    done = run_app(tmp_path, {})

    assert done.returncode == 1
    assert "There are no settings: lifeboat.toml is not there.\nSafe: " in done.stderr
    assert "Next: cp lifeboat.example.toml lifeboat.toml; then put the name" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_says_what_to_do_next_when_it_is_copied_as_it_is(tmp_path: Path) -> None:
    done = run_app(tmp_path, {}, (ROOT / "lifeboat.example.toml").read_text())

    assert done.returncode == 1
    assert "lifeboat.databases.0.secret_arn is" in done.stderr
    assert "aws secretsmanager create-secret" in done.stderr
    assert "Next: Change what is listed in lifeboat.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_app_synthesizes_the_stack_with_its_real_layers_and_warns(tmp_path: Path) -> None:
    from infra.toml_text import toml_of

    done = run_app(
        tmp_path,
        {"lifeboat.databases.0.cron": "0 2 ? * MON-SAT *"},
        toml_of({"stack_name": "Trial", **PLAIN}),
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
    assert not list(tmp_path.glob("asset.*/**/*.toml")), "settings may hold names of hosts"
    assert "make settings" not in done.stderr


def test_settings_that_are_still_in_cdk_json_are_used_with_a_warning(tmp_path: Path) -> None:
    done = run_app(tmp_path, {"lifeboat": PLAIN, "stack_name": "Old"})

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Old.template.json").exists()
    assert "Warning: The settings are still in cdk.json" in done.stderr
    assert "Next: Type `make settings`." in done.stderr

"""The stack, synthesized once per session for each kind of settings: starting jsii is slow."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from layers.code import function_code
from lifeboat.settings import Deployment, parse
from tests.stack.stacks import (
    ACCOUNT,
    IN_NEON,
    OPEN,
    PLAIN,
    REGION,
    ROOT,
    SEALED,
    Synthesized,
)


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Synthesized]:
    from aws_cdk import App, Environment, Validations
    from cdk_nag import AwsSolutionsChecks

    from infra.stack import Contents, LifeboatStack

    layers = tmp_path_factory.mktemp("layers")
    for name in ("client", "server", "python"):
        (layers / name).mkdir()
        (layers / name / "content").write_text(name)

    def make(
        lifeboat: dict[str, Any], *, name: str = "Lifeboat", judged: bool = True
    ) -> Synthesized:
        flags = json.loads((ROOT / "cdk.json").read_text())["context"]
        directory = tmp_path_factory.mktemp("cdk.out")
        app = App(
            context=flags | {"aws:cdk:bundling-stacks": []},
            outdir=str(directory),
        )
        deployment = Deployment(account=ACCOUNT, region=REGION)
        settings = parse({"lifeboat": lifeboat}, deployment=deployment)
        stack = LifeboatStack(
            app,
            name,
            settings=settings,
            contents=Contents(
                code=function_code(),
                client=layers / "client",
                server=layers / "server",
                python=layers / "python",
            ),
            env=Environment(account=ACCOUNT, region=REGION),
        )
        if judged:
            Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()
        return Synthesized(directory, stack, settings)

    return make


@pytest.fixture(scope="session")
def plain(synthesize: Callable[..., Synthesized]) -> Synthesized:
    """Two databases and nothing but defaults."""
    return synthesize(PLAIN)


@pytest.fixture(scope="session")
def sealed(synthesize: Callable[..., Synthesized]) -> Synthesized:
    """Keys of one's own, compliance mode, a private network, somebody to be told."""
    return synthesize(SEALED)


@pytest.fixture(scope="session")
def unlocked(synthesize: Callable[..., Synthesized]) -> Synthesized:
    """No Object Lock, a tier that stays in Standard forever, no drills and no jobs."""
    return synthesize(OPEN)


@pytest.fixture(scope="session")
def in_neon(synthesize: Callable[..., Synthesized]) -> Synthesized:
    """Three databases, of which two are in Neon; keys of one's own, and a private network."""
    return synthesize(IN_NEON)


@pytest.fixture(params=["plain", "sealed", "unlocked"])
def any_stack(request: pytest.FixtureRequest) -> Synthesized:
    """Each of them in turn."""
    stack: Synthesized = request.getfixturevalue(request.param)
    return stack

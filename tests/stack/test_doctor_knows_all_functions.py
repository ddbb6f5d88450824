"""`lifeboat doctor` compares the account with what the stack deploys, function by function."""

import pytest

from lifeboat_setup.check_stack import expected_functions
from tests.stack.stacks import Synthesized


@pytest.fixture(params=["plain", "sealed", "in_neon"])
def stack(request: pytest.FixtureRequest) -> Synthesized:
    """Each of them in turn."""
    found: Synthesized = request.getfixturevalue(request.param)
    return found


def test_it_expects_each_function_with_the_settings_that_the_stack_gives_it(
    stack: Synthesized,
) -> None:
    deployed = {
        each["FunctionName"]: each["Environment"]["Variables"]["LIFEBOAT_SETTINGS"]
        for each in stack.of_type("AWS::Lambda::Function")
        if each["Handler"].startswith("lifeboat.")
    }
    expected = {
        "-".join(filter(None, ("Lifeboat", job, database))): settings
        for job, database, settings, _ in expected_functions(stack.settings)
    }
    assert expected == deployed

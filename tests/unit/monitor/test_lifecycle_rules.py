"""One author for the bucket's lifecycle rules: what the stack writes is what the monitor wants.

That these are the right rules is stated rule by rule in `tests/stack/test_backup_bucket.py`.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model.commands import Commands
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.checks.lifecycle import lifecycle_findings
from lifeboat.settings import Retention
from lifeboat.settings.lifecycle import lifecycle_rules
from tests.support.seen_bucket import RULES, SETTINGS

COMMANDS = Commands(bucket_name="bucket", stack="Lifeboat", region="eu-central-1")


@st.composite
def kept(draw: st.DrawFn) -> dict[str, Any]:
    hot = draw(st.integers(30, 60))
    return {
        "hot_days": hot,
        "days": draw(st.integers(hot + 1, 90) | st.just("forever")),
        "storage_class": draw(st.sampled_from(["STANDARD", "STANDARD_IA", "DEEP_ARCHIVE"])),
    }


def test_the_rules_of_the_default_settings() -> None:
    by_id = {rule.id: rule for rule in lifecycle_rules(SETTINGS)}

    assert by_id == {rule.id: rule for rule in RULES}
    assert len(by_id) == len(lifecycle_rules(SETTINGS))


@given(st.fixed_dictionaries({tier.value: kept() for tier in Tier}), st.booleans())
def test_a_bucket_with_the_rules_that_the_stack_writes_is_as_the_monitor_wants_it(
    retention: dict[str, Any],
    locked: bool,  # noqa: FBT001
) -> None:
    settings = SETTINGS.model_copy(
        update={
            "retention": Retention.model_validate(retention),
            "object_lock": "governance" if locked else "off",
        }
    )
    rules = lifecycle_rules(settings)

    assert list(lifecycle_findings(rules, settings, COMMANDS)) == []


@given(st.sampled_from(Tier), kept())
def test_a_bucket_with_the_rules_of_other_settings_is_not(
    tier: Tier, retention: dict[str, Any]
) -> None:
    other = SETTINGS.model_copy(
        update={"retention": Retention.model_validate({tier.value: retention})}
    )
    findings = lifecycle_findings(lifecycle_rules(other), SETTINGS, COMMANDS)

    differ = other.retention.of(tier) != SETTINGS.retention.of(tier)
    assert {finding.subject for finding in findings} == ({tier.value} if differ else set())

import re
from datetime import timedelta
from typing import Any

import pytest

from lifeboat.errors import StaleStatusError
from lifeboat.monitor.policy.widget import is_question, is_widget, require_fresh, widget
from tests.support.html_page import Page
from tests.support.seen_bucket import NOW
from tools.pictures.sample import GOOD, KINDS, sample_page

PAGE = sample_page({"app": GOOD, "shop": KINDS["stale"]})
HOURLY = "15 * * * ? *"


def shown(theme: str | None = "light") -> Page:
    context: dict[str, Any] = {"dashboardName": "Lifeboat"} | ({"theme": theme} if theme else {})
    return Page(widget(PAGE, {"widgetContext": context}))


def test_a_dashboard_is_told_from_a_person_and_from_the_schedule() -> None:
    assert is_widget({"widgetContext": {}})
    assert is_question({"describe": True})
    others: tuple[object, ...] = ({}, {"scheduled": "x"}, {"describe": False}, [], None)
    for other in others:
        assert not is_widget(other)
        assert not is_question(other)


def test_the_widget_is_the_page_without_its_frame() -> None:
    page = shown()
    assert {"html", "head", "body", "meta", "script"}.isdisjoint(page.tags)
    assert page.text.startswith("Backups. Account 123456789012")
    assert Page(PAGE).text.replace(" What to type", "").endswith(page.text)
    assert "cwdb-no-default-styles" in page.values("class")


def test_no_link_leads_the_console_elsewhere() -> None:
    whole = Page(PAGE)
    assert whole.values("href") == ["#f1"]
    assert whole.text.count("What to type") == 1
    assert shown().values("href") == []
    assert "What to type" not in shown().text


def test_every_rule_of_the_style_is_for_the_widget_alone() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", shown().source, re.DOTALL)
    selectors = [found.strip() for found in re.findall(r"([^{}]+)\{", style)]
    rules = [each for each in selectors if not each.startswith("@")]
    assert len(rules) > 40
    for rule in rules:
        assert all(each.strip().startswith(".lifeboat") for each in rule.split(",")), rule
    assert style.count("{") == style.count("}")
    assert ".lifeboat { " in style.replace("\n", " ")


@pytest.mark.parametrize(
    ("theme", "media"), [("dark", "all"), ("light", "not all"), (None, "not all")]
)
def test_the_colours_are_those_of_the_console_not_of_the_browser(
    theme: str | None, media: str
) -> None:
    source = shown(theme).source
    assert "prefers-color-scheme" not in source
    assert f"@media {media} {{" in source


def test_a_page_is_fresh_until_two_checks_are_missing() -> None:
    written = NOW + timedelta(minutes=16)
    require_fresh(written, HOURLY, NOW + timedelta(hours=2, minutes=15))
    with pytest.raises(StaleStatusError) as caught:
        require_fresh(written, HOURLY, NOW + timedelta(hours=2, minutes=16))
    assert "has not finished a check since 2026-11-25 12:16 UTC (2 h ago)" in caught.value.what
    assert "schedule" in caught.value.todo

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Finding, Health, Level
from lifeboat.model.steps import Step
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.page_time import page_time
from lifeboat.monitor.policy.silence_answer import MutedFindings
from lifeboat.monitor.policy.status import DatabaseStatus, Status, status_of
from lifeboat.monitor.policy.status_page import (
    headline_of,
    in_a_sentence,
    render_status_page,
    status_page,
)
from tests.support.html_page import EVIL, Page, require_self_contained, require_style
from tests.support.seen_bucket import BUCKET, DAY, NEWEST, NOW, UNKNOWN, SeenBucket, empty, healthy
from tools.pictures.sample import GOOD, KINDS, sample_page


def status(bucket: SeenBucket) -> Status:
    facts = bucket.facts()
    return status_of(facts, bucket.settings, evaluate(facts, bucket.settings, NOW), NOW)


def rendered(bucket: SeenBucket) -> Page:
    return Page(status_page(status(bucket), bucket.facts(), bucket.settings, NOW))


def with_findings(*findings: Finding, **changed: object) -> Page:
    """A healthy page, with these findings and changes besides."""
    found = status(healthy()).model_copy(update={"findings": findings, **changed})
    return Page(render_status_page(found, {}, page_time("15 * * * ? *", NOW)))


def finding(**changed: object) -> Finding:
    plain = Finding(
        code=Code.NO_BACKUP,
        level=Level.CRITICAL,
        database="app",
        headline="was never backed up",
        fact="There is no backup of app.",
        safe="The database itself is not affected.",
        advice=(Step("Read the log", "aws logs tail x"), Step("Think.")),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def of(*healths: Health, worst: Health = Health.HEALTHY) -> str:
    databases = tuple(
        DatabaseStatus(name=f"db{n}", health=each, critical_findings=0, warnings=0, checked=True)
        for n, each in enumerate(healths)
    )
    health = min((*healths, worst), key=lambda each: each.rank)
    return headline_of(
        status(healthy()).model_copy(update={"databases": databases, "health": health})
    )


def test_the_headline_counts_what_the_monitor_does_not_call_healthy() -> None:
    good = Health.HEALTHY
    assert of(good, good, good) == "All 3 databases are safe"
    assert of(good, Health.CRITICAL, Health.WARNING) == "2 of 3 databases are not safe"
    for bad in set(Health) - {good}:
        assert of(good, bad) == "1 of 2 databases is not safe"
        assert of(bad) == "Database db0 is not safe"
    assert of(good) == "Database db0 is safe"


@pytest.mark.parametrize("worst", [Health.WARNING, Health.CRITICAL])
def test_a_finding_about_the_bucket_is_in_the_headline_of_safe_databases(worst: Health) -> None:
    assert of(Health.HEALTHY, worst=worst) == "Database db0 is safe, but not all else is right"
    page = rendered(healthy(configuration=replace(BUCKET, object_lock=False)))
    assert "but not all else is right" in page.text
    assert '<header class="proven">' not in page.source


def test_in_a_sentence_the_worst_findings_are_named_on_one_line() -> None:
    few = (finding(headline="lost\nrows"), finding(level=Level.INFO, headline="is new"))
    found = status(healthy()).model_copy(update={"findings": few})
    assert in_a_sentence(found) == "Database app is safe: app lost\\nrows"
    many = tuple(finding(database=None, headline=f"has {number}") for number in range(5))
    assert in_a_sentence(found.model_copy(update={"findings": many})) == (
        "Database app is safe: the bucket has 0; the bucket has 1; the bucket has 2; 2 more"
    )
    assert in_a_sentence(found.model_copy(update={"findings": ()})) == "Database app is safe"


def test_a_healthy_database_is_shown_with_all_its_figures() -> None:
    page = rendered(healthy(scheduled_since=NEWEST - 9 * DAY))
    for words in (
        "Account 123456789012, region us-east-1, stack Lifeboat. Database app is safe Safe means",
        "healthy app",
        "Newest backup 9 h old data as of 2026-11-25 02:00 UTC",
        "Newest drill proven 55 h ago",
        "Restore time 2 min of 1 h (RTO)",
        "Size 50 MB 6,000 rows",
        "Cost $0.01 a month",
        "Last 30 days: backups on 10 days, no drills, none missed.",
        "What is wrong, and what to type Nothing is wrong.",
    ):
        assert words in page.text, words
    assert '<header class="proven">' in page.source


def test_a_drill_on_a_branch_is_shown_as_one() -> None:
    bucket = healthy()
    (report,) = bucket.drills
    bucket.drills = [report.model_copy(update={"target": "neon-branch"})]  # type: ignore[union-attr]
    assert "Newest drill proven 55 h ago, on a branch Restore time 2 min" in rendered(bucket).text


def test_a_page_says_until_when_it_can_be_believed() -> None:
    text = rendered(healthy()).text
    assert "Written 2026-11-25 12:00 UTC. The next check is due at 2026-11-25 12:15 UTC." in text
    assert "if it is later than 2026-11-25 13:15 UTC now, the monitor has stopped" in text
    daily = page_time("0 6,18 * * ? *", NOW)
    assert daily.next_check == NOW + timedelta(hours=6)
    assert daily.too_old == NOW + timedelta(hours=18)
    over = page_time("0 6 1 1 ? 2020", NOW)
    assert (over.next_check, over.too_old) == (None, NOW + timedelta(hours=12))


def test_a_database_that_is_missing_something_says_what() -> None:
    text = rendered(empty()).text
    for words in ("no backup yet", "Newest backup none", "Newest drill never", "Size unknown"):
        assert words in text, words
    text = rendered(SeenBucket(manifests=[], objects=UNKNOWN)).text
    assert "critical app" in text
    assert "Newest backup unknown the bucket could not be read" in text
    assert "Last 30 days" not in text


def test_the_worst_database_comes_first_and_links_to_what_to_type() -> None:
    kinds = reversed(KINDS.items())
    page = Page(sample_page({name.replace(" ", "-"): kind for name, kind in kinds}))
    assert "not safe Critical: 3, warning: 2, no backup yet: 1, healthy: 3. Safe" in page.text
    order = [page.text.index(f" {name} ") for name in ("critical stale", "warning slow")]
    assert order == sorted(order)
    assert page.text.index("warning slow") < page.text.index("healthy good")
    targets = {target.removeprefix("#") for target in page.values("href")}
    assert targets
    assert targets <= set(page.values("id"))


def test_the_strip_says_of_each_day_what_happened_without_colour_and_in_words() -> None:
    page = Page(sample_page({"app": KINDS["gaps"], "shop": KINDS["drill failed"]}))
    cells = re.findall(r'<i class="(\w*)" title="([^"]*)">(.?)</i>', page.source)
    assert len(cells) == 60
    assert {(mark, said.partition(": ")[2]) for _, said, mark in cells} == {
        ("", "1 backup"),
        ("✓", "1 backup, drill proven"),
        ("×", "1 run missed"),  # noqa: RUF001
        ("!", "1 backup, drill failed"),
    }
    assert "missed on 14 Nov, 15 Nov, 22 Nov" in page.text
    assert "none missed, drill failed on 23 Nov" in page.text
    assert ("aria-hidden", "true") in page.attributes


def test_commands_stand_alone_in_a_block() -> None:
    page = with_findings(finding())
    assert "<li>Read the log:<pre>aws logs tail x</pre></li><li>Think.</li>" in page.source
    folded = Step("Back up", "lifeboat backup app", "aws lambda invoke app")
    source = with_findings(finding(advice=(folded,))).source
    assert "<li>Back up:<pre>lifeboat backup app</pre><details><summary>" in source
    assert "</summary><pre>aws lambda invoke app</pre></details></li>" in source


def test_what_several_databases_share_is_said_once_with_the_commands_of_all() -> None:
    page = Page(sample_page({f"db-{number}": KINDS["stale"] for number in range(9)}))
    assert page.text.count("9 databases had a failed backup") == 1
    assert page.text.count("Can it wait until morning? Yes") == 1
    assert "more in the same way" not in page.text
    backups = "\n".join(f"lifeboat backup db-{number} --region eu-central-1" for number in range(9))
    assert f"<pre>{backups}</pre>" in page.source


def test_several_findings_of_one_database_are_listed_up_to_a_limit() -> None:
    found = [finding(subject=str(number), fact=f"Fact {number}.") for number in range(12)]
    text = with_findings(*found).text
    assert "was never backed up (and 11 more of the same kind)" in text
    assert "Fact 9." in text
    assert "Fact 10." not in text
    assert "And 2 more of the same kind." in text


def test_what_is_muted_is_listed_with_its_end_and_still_counts() -> None:
    muted = (
        MutedFindings(database="app", code="no-backup", until=NOW + DAY),
        MutedFindings(database=None, code="<lifecycle-drift>", until=NOW),
    )
    text = with_findings(finding(), muted=muted).text
    assert (
        "Muted, so nobody is notified of it: app: no-backup, until 2026-11-26 12:00 UTC"
        " The bucket: <lifecycle-drift>, until"
    ) in text
    assert "critical app was never backed up" in text
    assert "Muted" not in with_findings(finding()).text


def test_nothing_in_a_name_or_a_message_can_become_part_of_the_page() -> None:
    step = Step(EVIL, f"{EVIL}\x1b[31m\u202e", EVIL)
    evil = finding(database=EVIL, headline=EVIL, fact=EVIL, limit=EVIL, safe=EVIL, advice=(step,))
    plain = finding(
        database="x", headline="x", fact="x", limit="x", safe="x", advice=(Step("x", "x", "x"),)
    )
    page = with_findings(evil, replace(evil, database=None))
    assert page.tags == with_findings(plain, replace(plain, database=None)).tags
    assert page.text.count(EVIL) >= 9
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    require_self_contained(page)


def test_nothing_in_the_installations_names_can_become_part_of_the_page() -> None:
    page = with_findings(stack=EVIL, account=EVIL, region=EVIL)
    assert page.tags == with_findings().tags
    assert page.text.count(EVIL) == 4


def test_every_kind_of_database_has_a_page_that_fetches_and_runs_nothing() -> None:
    page = Page(sample_page({name.replace(" ", "-"): kind for name, kind in KINDS.items()}))
    require_self_contained(page)
    require_style(page)


def test_the_bill_has_a_line_for_each_thing_and_a_total() -> None:
    costs = Page(sample_page({"app": GOOD})).text.partition("What it costs a month ")[2]
    assert re.match(r"CloudWatch, 4 alarms \$0\.40 .* All \$\d+\.\d\d", costs)

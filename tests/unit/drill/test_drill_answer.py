"""What the drill function answers."""

import json

from lifeboat.drill.policy.answer import answer_of
from tests.support.drill_samples import REPORT

KEY = "drills/app/2026-11-23T050003Z"


def test_the_answer_is_what_a_person_wants_to_know_first() -> None:
    answer = answer_of(REPORT, "bucket-1").as_json()
    assert json.loads(json.dumps(answer)) == {
        "verdict": "proven",
        "backup": "weekly/app/2026-11-22T020000Z",
        "database": "app",
        "target": "embedded",
        "branch_missing": None,
        "reasons": [],
        "advice": None,
        "rows": 1_250_331,
        "seconds": 41.5,
        "rto_seconds": 3600,
        "report": f"s3://bucket-1/{KEY}.json",
        "html_report": f"s3://bucket-1/{KEY}.html",
        "next_command": f"aws s3 cp s3://bucket-1/{KEY}.html drill.html",
    }

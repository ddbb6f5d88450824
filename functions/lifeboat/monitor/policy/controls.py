"""What standards ask of backups, and which part of the evidence answers it."""

from lifeboat.model.answers import Answer

STATEMENT = (
    "This is a record of what Lifeboat has found, for a person who judges it. It is no attestation,"
    " no certificate and no audit."
)


class Control(Answer):
    """One requirement.

    Attributes:
        standard: its name and section.
        asks: what it asks, in our words.
        answered_by: the parts of the evidence that speak of it.
        not_covered: what it also asks and this evidence says nothing about.
    """

    standard: str
    asks: str
    answered_by: str
    not_covered: str


CONTROLS = (
    Control(
        standard="SOC 2, A1.2",
        asks="Backups are made and monitored, and what protects them works.",
        answered_by="Backups due and missed; findings, with when they ended; the bucket's lock,"
        " versioning, encryption and lifecycle.",
        not_covered="Environmental protection of data centers: AWS's own reports.",
    ),
    Control(
        standard="SOC 2, A1.3",
        asks="Recovery procedures are tested.",
        answered_by="Drills with verdict, duration and target.",
        not_covered="The recovery of applications around the database.",
    ),
    Control(
        standard="ISO/IEC 27001:2022, A.8.13",
        asks="Backups are kept by a policy, protected, and tested regularly.",
        answered_by="Backups due, taken and missed; lifecycle rules; lock; drills.",
        not_covered="The policy itself: how long what is kept, and who decided it.",
    ),
    Control(
        standard="HIPAA, 45 CFR 164.308(a)(7)(ii)",
        asks="Exact copies can be retrieved (A), data can be restored (B), and the procedures are"
        " tested (D).",
        answered_by="Backups with the digest of their manifests; drills, which compare every value"
        " with the backup where the verdict is proven.",
        not_covered="The emergency mode plan (C) and the analysis of what is critical (E).",
    ),
)
"""Which rows answer which requirement."""

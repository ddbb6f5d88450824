"""A rule of a bucket's lifecycle configuration: the stack writes it, the monitor reads it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LifecycleRule:
    """One rule, with the parts that Lifeboat writes and checks.

    Attributes:
        id: its name; "" if it has none.
        enabled: its Status.
        prefix: the prefix of its keys; "" for all.
        larger_than: it applies to objects with more bytes (ObjectSizeGreaterThan); None: to all.
        narrowed: it has another filter (tags, ObjectSizeLessThan), so it does not apply to all.
        expire_days: days after which current versions are deleted; None: never.
        transitions: (days, storage class) of each move of current versions.
        noncurrent_days: days after which noncurrent versions are deleted; None: never.
        expire_markers: delete markers are removed when no version is left behind them.
        abort_days: days after which unfinished uploads are aborted; None: never.
    """

    id: str = ""
    enabled: bool = True
    prefix: str = ""
    larger_than: int | None = None
    narrowed: bool = False
    expire_days: int | None = None
    transitions: tuple[tuple[int, str], ...] = ()
    noncurrent_days: int | None = None
    expire_markers: bool = False
    abort_days: int | None = None

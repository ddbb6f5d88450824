"""A rule of a bucket's lifecycle configuration: the stack writes it, the monitor reads it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LifecycleRule:
    """One rule, as far as Lifeboat writes and judges it.

    Attributes:
        id: its name; "" when it has none.
        enabled: its Status.
        prefix: which keys it is for; "" for all.
        larger_than: only objects of more bytes than this (ObjectSizeGreaterThan); None: of any.
        narrowed: it has another filter besides (tags, ObjectSizeLessThan), so it isn't for all.
        expire_days: days after which current versions go; None: never.
        transitions: (days, storage class) of each move of current versions.
        noncurrent_days: days after which versions go that are not current; None: never.
        expire_markers: delete markers go when nothing is left behind them.
        abort_days: days after which unfinished uploads go; None: never.
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

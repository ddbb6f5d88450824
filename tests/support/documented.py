"""Holds what the functions answer against docs/reference.md, by the models that it is made from."""

from tools.reference.models import ANSWERS


def require_documented(function: str, payload: object, *, failed: bool) -> None:
    """That an answer has every key that the reference lists, and no other one.

    Args:
        function: its name in AWS.
        payload: what it answered.
        failed: whether Lambda counts the invocation as failed.

    Raises:
        ValidationError: it has another key, or a value of another kind; says where.
        AssertionError: it lacks a key.
    """
    if not isinstance(payload, dict):
        return  # the monitor's text
    name = function.removeprefix("Lifeboat-")
    kind = next(each for each in ANSWERS if name == each or name.startswith(f"{each}-"))
    model = ANSWERS["error" if failed else kind]
    read = model.validate_python(payload)
    assert failed or model.dump_python(read, mode="json", by_alias=True) == payload

"""Gaps of ministack's Parameter Store."""

import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.core.responses import error_response_json  # type: ignore[import-not-found]
from ministack.services import kms, ssm  # type: ignore[import-not-found]

GET = "ssm:GetParameter"


class _Read(str):
    """The ARN of a parameter that is read, with its value in clear or not."""

    __slots__ = ("clear",)
    clear: bool


def parameters_by_arn() -> None:
    """Check the permission on the parameter whose ARN a request gives in place of its name.

    As shipped such a request needs a permission on a parameter whose name is that ARN.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html, "Name"
    """
    extract = iam_actions.extract_resource_arn

    def by_arn(service: str, *request: Any) -> str:  # noqa: ANN401 - as ministack passes it
        found: str = extract(service, *request)
        if service != "ssm" or ":parameter" not in found:
            return found
        asked = json.loads(request[3] or b"{}")
        name = str(asked.get("Name", ""))
        read = _Read(name if name.startswith("arn:") else found)
        read.clear = asked.get("WithDecryption") is True
        return read

    iam_actions.extract_resource_arn = by_arn


def parameters_decrypted() -> None:
    """Ask whoever reads a SecureString for kms:Decrypt, and its key whether it works.

    AWS's own key lets everybody in the account decrypt through Parameter Store. What KMS refuses
    because of the key's state is an InvalidKeyId.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    enforce, get = iam_evaluator.enforce, ssm._get_parameter  # noqa: SLF001

    def with_key(access_key: str, action: str, service: str, region: str, **more: Any) -> object:  # noqa: ANN401
        denied: object = enforce(access_key, action, service, region, **more)
        arn = more.get("resource_arn")
        key = _own_key(arn) if action == GET and isinstance(arn, _Read) and arn.clear else None
        if denied or key is None:
            return denied
        through = {
            "kms:ViaService": f"ssm.{region}.amazonaws.com",
            "kms:EncryptionContext:PARAMETER_ARN": str(arn),
        }
        more |= {"resource_arn": key["Arn"], "service_context": through}
        return enforce(access_key, "kms:Decrypt", "kms", region, **more)

    def with_state(asked: dict[str, Any]) -> object:
        key = _own_key(str(asked.get("Name"))) if asked.get("WithDecryption") else None
        if key and kms._check_key_state(key):  # noqa: SLF001
            return error_response_json("InvalidKeyId", f"{key['Arn']} does not work.", 400)
        return get(asked)

    iam_evaluator.enforce, ssm._get_parameter = with_key, with_state  # noqa: SLF001


def _own_key(name: str) -> dict[str, Any] | None:
    """The key of a SecureString, where it is one of the account's own."""
    _, parameter = ssm._lookup_parameter(str(name))  # noqa: SLF001
    found: dict[str, Any] | None = kms._resolve_key((parameter or {}).get("KeyId"))  # noqa: SLF001
    return found

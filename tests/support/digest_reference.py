r"""What the counter in C has to find, written again in plain Python and as slowly as it likes.

It takes the rows of a script whole, so that nothing about pieces can go wrong in it.
"""

from collections.abc import Sequence

MODULUS = 1 << 128
_WORD = (1 << 64) - 1


def siphash(key: bytes, data: bytes, *, rounds: tuple[int, int] = (1, 3)) -> int:
    """SipHash with 128 bits of output, by the paper: https://www.aumasson.jp/siphash/siphash.pdf.

    Args:
        key: 16 bytes.
        data: what to hash.
        rounds: for each word, and at the end.
    """
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [0x736F6D6570736575 ^ k0, 0x646F72616E646F6D ^ k1 ^ 0xEE]
    v += [0x6C7967656E657261 ^ k0, 0x7465646279746573 ^ k1]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        _mix(v, rounds[0])
        v[0] ^= word
    v[2] ^= 0xEE
    _mix(v, rounds[1])
    low = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    _mix(v, rounds[1])
    return low | (v[0] ^ v[1] ^ v[2] ^ v[3]) << 64


def digest_of(columns: Sequence[str], rows: Sequence[Sequence[bytes]]) -> str:
    """The digest of a table's rows, each a list of escaped fields."""
    return f"{sum(_row(columns, row) for row in rows) % MODULUS:032x}"


def longest_of(rows: Sequence[Sequence[bytes]]) -> int:
    """Bytes of the longest row's line, its end included; 0 without rows."""
    return max((len(b"\t".join(row) + b"\n") for row in rows), default=0)


def digest_of_objects(objects: dict[int, bytes]) -> str:
    """The digest of large objects, by their numbers."""
    total = sum(siphash(_key(str(oid)), data) for oid, data in objects.items())
    return f"{total % MODULUS:032x}"


def _row(columns: Sequence[str], row: Sequence[bytes]) -> int:
    keys = [_key(name) for name in columns] + [bytes(16)] * max(0, len(row) - len(columns))
    total = sum(siphash(key, field) for key, field in zip(keys, row, strict=False)) % MODULUS
    return siphash(b"lifeboat: a row\0", total.to_bytes(16, "little"))


def _key(name: str) -> bytes:
    return siphash(b"lifeboat: a name", name.encode()).to_bytes(16, "little")


def _mix(v: list[int], times: int) -> None:
    for _ in range(times):
        v[0] = v[0] + v[1] & _WORD
        v[2] = v[2] + v[3] & _WORD
        v[1] = _rotated(v[1], 13) ^ v[0]
        v[3] = _rotated(v[3], 16) ^ v[2]
        v[0] = _rotated(v[0], 32)
        v[2] = v[2] + v[1] & _WORD
        v[0] = v[0] + v[3] & _WORD
        v[1] = _rotated(v[1], 17) ^ v[2]
        v[3] = _rotated(v[3], 21) ^ v[0]
        v[2] = _rotated(v[2], 32)


def _rotated(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & _WORD

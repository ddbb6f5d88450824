"""What a hostile reviewer tried: each of these once got past the run, or stopped it for nothing."""

import pytest

from lifeboat.postgres import decode
from tests.workshop import Workshop


def test_a_decoder_whose_reader_fails_in_an_unknown_way_fails_the_run(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(decode.CopyRows):
        def feed(self, piece: bytes) -> None:
            super().feed(piece)
            raise ValueError("never seen before")

    monkeypatch.setattr(decode, "CopyRows", Broken)
    with pytest.raises(ValueError, match="never seen before"):
        workshop.take()
    workshop.assert_nothing_was_published()

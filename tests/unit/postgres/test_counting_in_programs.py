"""A script that the program that writes it counts: the same answers as of the script itself."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lifeboat.errors import DecodeError
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.native_counter import COUNTING, NAME, EventReader, load_counter
from tests.support.counting import counter_only, counting, feed
from tests.support.scripts import WRITER, Read, read_slowly, written_by_a_program

linux = pytest.mark.skipif(sys.platform != "linux", reason="macOS counts what comes by a pipe")

#: What scripts are made of, and what only looks like it.
_BITS = rb"""COPY |SELECT pg_catalog.setval(|SELECT pg_catalog.lo_open(|SELECT |public|.|t|"|""|'|''
|E'|\|(|, |)| FROM stdin;|;|--|9|A|\N|x|1""".replace(b"\n", b"").split(b"|")
_LINES = rb"""COPY public.t (a, b) FROM stdin;
COPY public.none  FROM stdin;
COPY public.one (a) FROM stdin;
COPY public."" (a) FROM stdin;
COPY public.t (a,b) FROM stdin;
COPY public.9t (a) FROM stdin;
COPY public.T (a) FROM stdin;
COPY public.t (a) FROM stdin;_
copy public.t (a) FROM stdin;
SELECT pg_catalog.setval('public.s', 7, true);
SELECT pg_catalog.lo_open('16400', 131072);
\.
1	2
""".splitlines(keepends=True)
PARTS = (
    *_BITS,
    *_LINES,
    *(b"\n", b"\t", b" ", b"\0", b"\xff", b"x" * 40, b"\n\\.\n"),
    b'COPY public."o""d\nd" ("x ""y", "z\n)") FROM stdin;\n',
    b"SELECT pg_catalog.setval('public.\"two\nlines''\"', -3, false);\n",
)
SCRIPTS = st.lists(st.sampled_from(PARTS), max_size=40).map(b"".join)
WHOLE = (
    b"--\n-- Data for Name: a; Type: TABLE DATA\n--\n\n"
    b'COPY "s 1"."a\nb" (id, "n""\n", t) FROM stdin;\n1\t\\N\tx\\\\.\n\\\\.\t\t\n\\.\n\n\n'
    b"SELECT pg_catalog.setval('public.\"two\nlines\"', 42, false);\n"
    b"COPY public.none  FROM stdin;\n\n\n\\.\n"
    b"SELECT pg_catalog.lo_open('16400', 131072);\nSELECT pg_catalog.lo_close(0);\n"
)


def of_events(events: bytes, cut_every: int = 1 << 16) -> Read:
    """What a run finds in what a program has written."""
    counted = CopyRows(load_counter(counter_only()), EventReader())
    return _fed(counted, events, cut_every)


def of_script(script: bytes, cut_every: int) -> Read:
    """What a run finds in a script that it reads itself."""
    return _fed(counting(), script, cut_every)


def _fed(counted: CopyRows, data: bytes, cut_every: int) -> Read:
    for at in range(0, len(data), cut_every):
        feed(counted, data[at : at + cut_every])
    try:
        counted.finish()
    except DecodeError as error:
        ends = "in the rows" if "in the rows" in error.what else "in a statement"
        return Read.of(counted, ends)
    return Read.of(counted, "")


@given(script=SCRIPTS, cut_every=st.integers(1, 60))
@example(script=WHOLE, cut_every=1)
@settings(max_examples=400)
def test_any_script_is_read_as_by_the_slow_reader(script: bytes, cut_every: int) -> None:
    assert of_script(script, cut_every) == read_slowly(script)


@linux
@given(script=SCRIPTS, sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_program_that_counts_what_it_writes_finds_the_same(
    script: bytes, sizes: list[int]
) -> None:
    events = written_by_a_program(script, *sizes)
    assert of_events(events) == of_events(events, cut_every=3) == read_slowly(script)


@linux
def test_where_it_cuts_the_script_does_not_matter_at_any_byte() -> None:
    """One program writes the script for each place, with the cut there and in tables of its own."""
    scripts = [
        WHOLE.replace(b"s 1", b"s %04d" % cut).replace(b"none", b"none%04d" % cut)
        for cut in range(1, 400)
    ]
    length = len(scripts[0])
    sizes = [size for cut in range(1, length) for size in (cut, length - cut)]
    whole = read_slowly(b"".join(scripts[: length - 1]))
    assert len(scripts) > length > 280
    assert of_events(written_by_a_program(b"".join(scripts[: length - 1]), *sizes)) == whole
    assert len(whole.rows) == 2 * (length - 1)


@linux
def test_without_being_asked_to_count_it_writes_the_script() -> None:
    assert written_by_a_program(WHOLE, 7, counting=False) == WHOLE


@linux
def test_a_script_of_which_the_end_is_missing_is_refused_wherever_it_ends() -> None:
    for length in range(1, len(WHOLE)):
        events = written_by_a_program(WHOLE[:length]) if length % 9 == 0 else b""
        expected = read_slowly(WHOLE[:length])
        if events:
            assert of_events(events) == expected
        assert of_script(WHOLE[:length], 11) == expected


@linux
@pytest.mark.parametrize("cut", range(1, 9))
def test_events_that_are_cut_are_refused(cut: int) -> None:
    """As when the program was killed, or has ended without what it does at its end."""
    events = written_by_a_program(WHOLE)
    assert of_events(events).ends == ""
    assert replace(of_events(events[:-cut]), ends="") == of_events(events)
    assert of_events(events[:-cut]).ends == "in a statement"


@linux
def test_a_program_that_does_not_count_is_not_taken_for_one_that_does() -> None:
    with pytest.raises(DecodeError, match="has not done so"):
        of_events(WHOLE)
    assert of_events(b"").ends == "in a statement"


@linux
def test_text_that_looks_like_events_is_text() -> None:
    events = written_by_a_program(b"COPY public.u (a) FROM stdin;\n1\n\\.\n")
    assert of_events(events).rows == {("public", "u"): 1}
    row = events.replace(b"\n", b"").replace(b"\t", b"")
    script = b"COPY public.t (a) FROM stdin;\n%s\n\\.\n%s\n" % (row, row)
    assert of_events(written_by_a_program(script)).rows == {("public", "t"): 1}


HEAD = b"\1\0\0\0\36\0\0\0COPY public.t (a) FROM stdin;\n"
END = b"\3\0\0\0\0\0\0\0"


@pytest.mark.parametrize("events", [END + END, END + HEAD], ids=["another end", "a statement"])
def test_nothing_may_come_behind_the_end(events: bytes) -> None:
    with pytest.raises(DecodeError, match="behind its end"):
        of_events(events)


@pytest.mark.parametrize(
    "events",
    [b"\2\0\0\0\60\0\0\0" + bytes(48), HEAD + HEAD],
    ids=["rows without a table", "a table without rows"],
)
def test_programs_and_functions_that_understand_a_statement_otherwise_are_noticed(
    events: bytes,
) -> None:
    with pytest.raises(DecodeError, match="a COPY that Lifeboat doesn't know"):
        of_events(events)


@linux
def test_a_large_table_is_told_of_before_it_ends() -> None:
    """What was read from the server is counted in a run that fails, too."""
    row = b"x" * 1023 + b"\n"
    events = written_by_a_program(b"COPY public.t (a) FROM stdin;\n" + row * 9000)
    counted = CopyRows(load_counter(counter_only()), EventReader())
    feed(counted, events)
    assert counted.received == (8 << 20) + (8 << 10) * 5
    with pytest.raises(DecodeError, match=r"in the rows of public\.t"):
        counted.finish()


@linux
def test_a_program_whose_reader_is_gone_is_told_so() -> None:
    """As by fwrite(): pg_restore ends then, and does not decode the rest for nobody."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-ISc", WRITER],
        input=b"COPY public.t (a) FROM stdin;\n" + b"1\n" * (3 << 20),
        env={"LD_PRELOAD": str(counter_only().root / NAME), **COUNTING},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"Broken pipe\n")

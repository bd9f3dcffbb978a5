"""Deduplicated output: what stays is as it was, in its order, whatever the format, and the input is left alone."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.actions.keep import FIELDS, FirstReading, Mark, mark_articles, write_kept
from dedup.actions.text_outputs import CsvOutput, LinesOutput, plain
from dedup.cli import main
from dedup.datatypes import Article, Cluster, Evidence, Language, Match, MatchKind, Report, Settings, WeakestPair
from dedup.errors import WriteError
from dedup.reading.read import read_paths
from dedup.reading.source import ReadOptions

RAIN = (
    "VERONA, 3 March. Heavy and lasting rain flooded 12 streets in the old town of Verona on Monday, the mayor said. "
    "About 340 people had to leave their homes. Two schools stay closed until Thursday. The fire service pumped water "
    "out of 85 cellars."
)
RAIN_EDITED = RAIN.replace("pumped water out of", "pumped water from")
HUJAN = (
    "Hujan deras membanjiri 12 jalan di kota tua Verona pada hari Senin, kata wali kota. Sekitar 340 orang harus "
    "mengungsi. Dua sekolah tetap ditutup sampai hari Kamis. Pemadam kebakaran memompa air dari 85 ruang bawah tanah."
)
BANK = (
    "The central bank of Norway kept its key rate at 4.25 per cent on Thursday. Inflation fell to 2.9 per cent, the "
    "statistics office in Oslo reported. Economists expect a cut in September."
)
GOAL = (
    "Klub sepak bola Surabaya menang 3-1 atas Medan pada pertandingan hari Minggu. Dua gol dicetak pada babak pertama."
)
CAFE = (
    "Le café de la gare a fermé ses portes lundi après 92 années, a annoncé le propriétaire, âgé de 71 ans, à Orléans."
)
TEXTS = (RAIN, BANK, RAIN, GOAL, RAIN_EDITED, HUJAN, BANK.upper(), CAFE)
"""Articles by position: 2 and 4 repeat 0, 6 repeats 1, 5 is a translation of 0."""

STAY = (0, 1, 3, 5, 7)


def keep(*arguments: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["keep", *map(str, arguments), "--no-progress", "-j", "1"])
    assert done.exit_code == code, (done.stderr, done.exception)
    return done


def records(texts: Sequence[str] = TEXTS) -> list[dict[str, Any]]:
    return [{"id": f"n{at}", "text": text, "views": at} for at, text in enumerate(texts)]


def dated(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Records that were published before all others."""
    return [{**record, "date": "2001-01-01"} for record in records(texts)]


def as_lines(found: Sequence[dict[str, Any]], **how: Any) -> list[str]:
    return [json.dumps(record, **how) + "\n" for record in found]


# --- JSON Lines -----------------------------------------------------------------------------------------------------


def test_lines_that_stay_are_the_same_bytes(tmp_path: Path) -> None:
    odd = [
        '{ "text" : %s ,\t"id":"n0", "price": 1.10, "big": 123456789012345678901234567890 }\n',
        '{"text":%s,"id":"n1","nested":{"a":[1,{"b":null}],"a":2},"\\u00e9":"\\ud83d\\ude00"}\r\n',
        '{"id":"n2","text":%s}\n',
        '\n   \n{"text":%s,"id":"n3","id":"n3b"}\n',
        '{"id":"n4","text":%s}\n',
        '{"id":"n5","text":%s,"e":1e5}\n',
        '{"id":"n6","text":%s}\n',
        '{"id":"n7","text":%s}',
    ]
    lines = [
        line % json.dumps(text, ensure_ascii=at % 2 == 0)
        for at, (line, text) in enumerate(zip(odd, TEXTS, strict=True))
    ]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"\xef\xbb\xbf" + "".join(lines).encode())
    done = keep(source, "-o", out)
    assert out.read_bytes() == b"\xef\xbb\xbf" + "".join(lines[at] for at in STAY).encode()
    assert done.stderr.strip() == "5 of 8 articles kept, 3 repeats left out."
    assert done.stdout == ""


@pytest.mark.parametrize("packed", [False, True])
def test_what_repeats_nothing_comes_out_as_it_went_in(packed: bool, tmp_path: Path) -> None:
    content = "\n{bad\n" + "".join(as_lines(records((RAIN, BANK, GOAL)))) + '[1]\n\n{"id": "empty", "text": ""}\n\n'
    suffix = ".jsonl.gz" if packed else ".jsonl"
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    source.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    done = keep(source, "-o", out)
    written = out.read_bytes()
    assert (gzip.decompress(written) if packed else written).decode() == content
    assert "3 skipped, kept as they are." in done.stderr
    keep(source, "-o", out, "--force")
    assert out.read_bytes() == written


def test_skipped_records_are_dropped_on_demand_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = as_lines(records((RAIN, BANK)))
    source.write_text(f"{lines[0]}{{bad\n{lines[1]}[1]\n")
    done = keep(source, "-o", out, "--drop-skipped")
    assert out.read_text() == "".join(lines)
    assert "2 skipped, left out." in done.stderr


def test_a_line_longer_than_can_be_read_stays_whole(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = as_lines([*records((RAIN,)), {"text": "x" * 100_000}, *records((BANK,))])
    source.write_text("".join(lines))
    keep(source, "-o", out, "--max-bytes", "5000")
    assert out.read_text() == "".join(lines)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.sampled_from([b"", b"\r", b" ", b"{", b'"', b"[]", b"\xef\xbb\xbf", b"\xe9", b"null"])
        | st.sampled_from(TEXTS).map(lambda text: json.dumps({"text": text}, ensure_ascii=False).encode())
        | st.sampled_from([CAFE]).map(lambda text: json.dumps({"text": text}, ensure_ascii=False).encode("latin-1"))
        | st.binary(max_size=20),
        max_size=8,
    ),
    line_break=st.sampled_from([b"\n", b"\r\n"]),
)
def test_whatever_a_file_holds_lines_are_written_as_they_were(
    parts: list[bytes], line_break: bytes, tmp_path: Path
) -> None:
    content = line_break.join(parts)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(content)
    first = FirstReading()
    items = list(first.follow(read_paths([source])))
    with out.open("wb") as stream:
        kept = write_kept([str(source)], ReadOptions(), first, {}, LinesOutput(stream, as_they_are=True))
    assert kept.kept == sum(isinstance(item, Article) for item in items)
    is_list = content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")  # which is read as JSON
    if not kept.lost and not is_list and b"\n" in content and b"\0" not in content:  # no UTF-16, nor old Mac
        assert out.read_bytes() in (content, content.removeprefix(b"\xef\xbb\xbf"))


def test_lines_in_a_legacy_encoding_keep_their_bytes_alone_and_become_utf8_with_others(tmp_path: Path) -> None:
    legacy, other, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "out.jsonl"
    line = as_lines(records((CAFE,)), ensure_ascii=False)[0]
    legacy.write_bytes(line.encode("latin-1"))
    other.write_text("\ufeff" + "".join(as_lines(records((BANK,)))))
    keep(legacy, "-o", out)
    assert out.read_bytes() == line.encode("latin-1")
    keep(legacy, other, "-o", out, "--force")
    assert out.read_bytes() == line.encode() + "".join(as_lines(records((BANK,)))).encode()


def test_files_that_do_not_end_in_a_line_break_are_not_run_together(tmp_path: Path) -> None:
    for name, text in (("a", RAIN), ("b", BANK), ("c", GOAL)):
        (tmp_path / f"{name}.jsonl").write_text(as_lines([{"id": name, "text": text}])[0].rstrip("\n"))
    out = tmp_path / "out.jsonl"
    keep(*(tmp_path / f"{name}.jsonl" for name in "abc"), "-o", out)
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == ["a", "b", "c"]


def test_standard_output_takes_lines(tmp_path: Path) -> None:
    lines = as_lines(records())
    (tmp_path / "in.jsonl").write_text("".join(lines))
    assert keep(tmp_path / "in.jsonl", "-o", "-").stdout == "".join(lines[at] for at in STAY)


def test_repeated_ids_and_records_without_one_are_told_apart(tmp_path: Path) -> None:
    some = [{"id": "same", "text": text, "at": at} for at, text in enumerate(TEXTS[:4])]
    lines = as_lines([*some, *({"text": text, "at": at} for at, text in enumerate(TEXTS[4:], 4))])
    (tmp_path / "in.jsonl").write_text("".join(lines))
    found = keep(tmp_path / "in.jsonl", "-o", "-").stdout.splitlines(keepends=True)
    places = [lines.index(line) for line in found]
    assert places == sorted(places)
    assert [[place in story for place in places].count(True) for story in ((0, 2, 4), (1, 6), (3, 5, 7))] == [1, 1, 3]


# --- kinds, decisions, choice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "stay"),
    [
        ("exact", (0, 1, 3, 4, 5, 7)),
        ("exact,near", STAY),
        (" Near , EXACT", STAY),
        ("all", (0, 1, 3, 7)),
        ("exact,near,translation", (0, 1, 3, 7)),
        ("translation", (0, 1, 2, 3, 4, 6, 7)),
    ],
)
def test_kinds_say_what_goes(kinds: str, stay: Sequence[int], tmp_path: Path) -> None:
    texts = [*TEXTS[:5], HUJAN, *TEXTS[6:]]
    lines = as_lines(records(texts))
    lines[0] = lines[0].replace('"views"', '"date": "2026-01-01", "views"')  # the representative
    (tmp_path / "in.jsonl").write_text("".join(lines))
    found = keep(tmp_path / "in.jsonl", "-o", "-", "--kinds", kinds).stdout.splitlines(keepends=True)
    if kinds != "translation":
        assert found == [lines[at] for at in stay]
    else:
        assert lines[5] not in found or lines[0] not in found


def test_kinds_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    assert "got exakt; for instance" in keep(tmp_path / "in.jsonl", "-o", "-", "--kinds", "exakt", code=2).stderr


def test_decisions_are_kept_to(tmp_path: Path) -> None:
    lines, decisions = as_lines(records()), tmp_path / "decisions.jsonl"
    (tmp_path / "in.jsonl").write_text("".join(lines))
    decisions.write_text(
        "".join(
            as_lines(
                [
                    {"left": "n0", "right": "n4", "verdict": "different"},
                    {"left": "n1", "right": "n6", "verdict": "different"},
                    {"keep": "n2", "story": ["n0", "n2"]},
                ]
            )
        )
    )
    found = keep(tmp_path / "in.jsonl", "-o", "-", "--decisions", decisions).stdout
    assert found == "".join(lines[at] for at in (1, 2, 3, 4, 5, 6, 7))


# --- only the pairs that matter --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [(), ("--keep", "newest"), ("--keep", "language:de"), ("--within", "2d")],
    ids=["as ever", "newest", "another language", "within a span"],
)
def test_what_a_reference_has_goes_and_nothing_of_it_is_written(more: Sequence[str], tmp_path: Path) -> None:
    lines = as_lines([{**record, "date": "2026-03-03"} for record in records()])
    old = [{"text": ""}, {"id": "n0", "text": RAIN, "date": "2026-03-02"}, {"text": GOAL[:-1], "date": "2026-03-02"}]
    (tmp_path / "new.jsonl").write_text("".join(lines))
    (tmp_path / "old.jsonl").write_text("".join(as_lines(old)))
    done = keep(tmp_path / "new.jsonl", "--against", tmp_path / "old.jsonl", *more, "-o", "-")
    assert done.stdout == "".join(lines[at] for at in (1, 5, 6, 7)), "two in the input that repeat each other stay"
    assert "4 of 8 articles kept, 4 repeats left out." in done.stderr
    marked = keep(tmp_path / "new.jsonl", "--against", tmp_path / "old.jsonl", *more, "-o", "-", "--annotate").stdout
    found = [json.loads(line) for line in marked.splitlines()]
    assert [record["role"] for record in found] == [
        *("repeat", "single", "repeat", "repeat", "repeat", "version", "single", "single")
    ]
    assert found[0]["repeats"] == f"{tmp_path}/old.jsonl#n0", "the input has an n0 of its own"


def test_a_chosen_article_stays_beside_a_reference(tmp_path: Path) -> None:
    lines = as_lines(records())
    (tmp_path / "new.jsonl").write_text("".join(lines))
    (tmp_path / "old.jsonl").write_text(as_lines([{"id": "old", "text": RAIN}])[0])
    (tmp_path / "decisions.jsonl").write_text('{"keep": "n4", "story": ["old", "n4"]}\n')
    done = keep(
        *(tmp_path / "new.jsonl", "--against", tmp_path / "old.jsonl"),
        *("--decisions", tmp_path / "decisions.jsonl", "-o", "-"),
    )
    assert lines[4] in done.stdout
    assert lines[0] not in done.stdout


def test_a_reference_may_lie_among_the_input(tmp_path: Path) -> None:
    lines = as_lines(records())
    for at, line in enumerate(lines):
        folder = tmp_path / "in" / ("old" if at < 2 else "new")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{at}.jsonl").write_text(line)
    keep(tmp_path / "in", "--against", tmp_path / "in" / "old", "-o", f"{tmp_path}/out/")
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.jsonl")}
    contents = {name: (tmp_path / "out" / name).read_text() for name in written}
    assert {name for name, content in contents.items() if content} == {f"new/{at}.jsonl" for at in (3, 5, 7)}


@pytest.mark.parametrize(
    ("chosen", "goes"),
    [
        (("--pairs", "same-language"), (2, 4, 6)),
        (("--pairs", "cross-language", "--kinds", "translation"), (2, 4, 5)),  # all that translations link
        (("--languages", "id,fr"), ()),
        (("--languages", "en"), (2, 4, 6)),
        (("--since", "2026-03-02"), (4, 6)),
        (("--within", "24h"), (2, 6)),
        (("--min-size", "3"), (2, 4)),
    ],
    ids=lambda chosen: " ".join(map(str, chosen)),
)
def test_what_is_not_compared_stays(chosen: Sequence[str], goes: Sequence[int], tmp_path: Path) -> None:
    days = (1, 1, 2, 1, 4, 1, 2, 1)
    some = [{**record, "date": f"2026-03-0{day}"} for record, day in zip(records(), days, strict=True)]
    if "--since" in chosen:  # without the first two, which are too old, each of these repeats another
        some[2]["date"], some[4]["date"] = "2026-03-02", "2026-03-05"
        some.append({"id": "n8", "text": BANK, "date": "2026-03-02"})
        some[6]["date"] = "2026-03-03"
    lines = as_lines(some)
    (tmp_path / "in.jsonl").write_text("".join(lines))
    found = keep(tmp_path / "in.jsonl", "-o", "-", *chosen).stdout.splitlines(keepends=True)
    assert [at for at, line in enumerate(lines) if line not in found] == list(goes)


def test_pairs_of_which_none_goes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(as_lines(records())))
    chosen = (tmp_path / "in.jsonl", "-o", "-", "--pairs", "cross-language")
    assert "name what goes, such as --kinds translation" in keep(*chosen, code=2).stderr
    assert '"translation"' in keep(*chosen, "--annotate").stdout


def test_inputs_and_references_without_articles_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "some.jsonl").write_text("".join(as_lines(records())))
    nothing = f"Warning: there is no file in {tmp_path}/in"
    for out in ("-", f"{tmp_path}/out/"):
        assert nothing in keep(tmp_path / "in", "-o", out).stderr
    beside = keep(tmp_path / "in", "-o", "-", "--against", tmp_path / "some.jsonl")
    assert f"{nothing} that is not of the reference" in beside.stderr
    done = keep(tmp_path / "some.jsonl", "-o", "-", "--against", tmp_path / "in", "--glob", "*.jsonl")
    assert f"Warning: no article was read in the reference {tmp_path}/in" in done.stderr
    assert done.stdout == (tmp_path / "some.jsonl").read_text()
    itself = keep(tmp_path / "some.jsonl", "-o", "-", "--against", tmp_path / "some.jsonl")
    assert (itself.stdout, "that is not of the reference" in itself.stderr) == ("", True)


def match(left: int, right: int, kind: MatchKind, score: float) -> Match:
    return Match(left, right, 0.9, score, kind, Evidence((1.0, 1.0)))


def test_a_story_keeps_one_article_for_each_group_of_the_kinds() -> None:
    """0, 1 and 2 are copies; 3 and 4 are copies in another language, 4 a translation of 1."""
    near, translation = MatchKind.NEAR, MatchKind.TRANSLATION
    matches = (match(0, 1, near, 0.9), match(1, 2, near, 0.8), match(3, 4, near, 0.7), match(1, 4, translation, 0.6))
    articles = tuple(Article(f"a{at}", f"text {at}") for at in range(6))
    report = Report(
        articles=articles,
        languages=(Language("en", 1.0),) * 6,
        matches=matches,
        clusters=(Cluster((0, 1, 2, 3, 4), 1, translation, WeakestPair(1, 4, 0.9, 0.6)),),
        skipped=(),
        settings=Settings(),
        model="m",
        threshold=0.5,
    )
    marks = mark_articles(report, max)
    story = marks[0].story_id
    assert story
    assert marks == {
        0: Mark("repeat", story, "near", 0.9, "a1"),
        1: Mark("representative", story),
        2: Mark("repeat", story, "near", 0.8, "a1"),
        3: Mark("repeat", story, "near", 0.7, "a4"),
        4: Mark("version", story, "translation", 0.6),
    }
    everything = mark_articles(report, max, tuple(MatchKind))
    assert [everything[at].role for at in range(5)] == ["repeat", "representative", "repeat", "repeat", "repeat"]
    assert everything[3] == Mark("repeat", story, "near", 0.7, "a1"), "the closest, since it did not match the one kept"
    assert {mark.role for mark in mark_articles(report, max, ()).values()} == {"representative", "version"}


# --- annotation -----------------------------------------------------------------------------------------------------


def test_annotated_lines_are_all_there_with_their_parts(tmp_path: Path) -> None:
    lines = as_lines(records())
    (tmp_path / "in.jsonl").write_text("".join(lines) + "broken\n")
    found = keep(tmp_path / "in.jsonl", "-o", "-", "--annotate").stdout.splitlines(keepends=True)
    assert found.pop() == "broken\n"
    added = [json.loads(line) for line in found]
    for line, before in zip(found, lines, strict=True):
        assert line.startswith(before.rstrip("}\n"))
    roles = [record["role"] for record in added]
    assert roles == ["representative", "representative", "repeat", "single", "repeat", "version", "repeat", "single"]
    assert [record["repeats"] for record in added] == [None, None, "n0", None, "n0", None, "n1", None]
    assert [record["kind"] for record in added] == [None, None, "exact", None, "near", "translation", "exact", None]
    assert len({record["story_id"] for record in added}) == 3
    assert added[2]["score"] == 1.0


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), shuffle=st.randoms(use_true_random=False))
def test_annotated_less_the_added_fields_is_the_input(data: Any, shuffle: random.Random, tmp_path: Path) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
    names = st.text(min_size=1, max_size=8).filter(lambda name: name.casefold() not in (*FIELDS, "text", "id"))
    texts = data.draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5))
    found = [{**data.draw(st.dictionaries(names, values, max_size=4)), "text": text} for text in texts]
    lines = []
    for record in found:
        how = {"ensure_ascii": data.draw(st.booleans()), "separators": data.draw(st.sampled_from([None, (",", ":")]))}
        line = json.dumps(record, **how)
        try:
            line.encode()
        except UnicodeEncodeError:  # half a character
            line = json.dumps(record)
        lines.append(line + shuffle.choice(["\n", "\r\n", " \n"]))
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes("".join(lines).encode())
    first = FirstReading()
    items = list(first.follow(read_paths([source])))
    marks = {at: Mark("repeat", "s" * 16, "exact", 1.0, "x") for at in range(0, len(items), 2)}
    with out.open("wb") as stream:
        write_kept([str(source)], ReadOptions(), first, marks, LinesOutput(stream, prefix=""), annotated=True)
    again = [json.loads(line) for line in out.read_bytes().decode().split("\n") if line.strip()]
    assert [{name: record.pop(name) for name in FIELDS}["role"] for record in again] == [
        "repeat" if at % 2 == 0 else "single" for at in range(len(again))
    ]
    assert again == [json.loads(line) for line in lines]
    with out.open("wb") as stream:
        kept = write_kept([str(source)], ReadOptions(), first, marks, LinesOutput(stream, as_they_are=True))
    assert out.read_bytes() == "".join(lines[1::2]).encode()
    assert kept.kept == len(lines) // 2


@pytest.mark.parametrize("annotate", [[], ["--annotate"]])
def test_fields_of_the_same_name_are_refused_before_the_work(annotate: list[str], tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(as_lines([{**record, "score": 7} for record in records()])))
    if not annotate:
        keep(source, "-o", out)
        return
    error = keep(source, "-o", out, *annotate, code=1).stderr
    assert 'has a field "score" of its own, which --annotate would add' in error
    assert "--prefix dedup_" in error
    assert not out.exists()
    keep(source, "-o", out, *annotate, "--prefix", "dedup_")
    record = json.loads(out.read_text().splitlines()[0])
    assert (record["score"], record["dedup_role"]) == (7, "representative")


def test_a_field_of_the_same_name_in_a_later_record_is_refused_and_nothing_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(as_lines([*records(), {"text": GOAL, "role": "x"}])))
    assert 'a field "role" of its own' in keep(source, "-o", out, "--annotate", code=1).stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]


def test_a_prefix_without_annotation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    assert "--annotate" in keep(tmp_path / "in.jsonl", "-o", "-", "--prefix", "x", code=2).stderr


# --- CSV ------------------------------------------------------------------------------------------------------------


def csv_rows(delimiter: str = ",", line_break: str = "\n") -> list[str]:
    """A head and rows written in several ways, some over several lines."""
    rows = [delimiter.join(('"id"', "text", " note ")) + line_break]
    for at, text in enumerate(TEXTS):
        quoted = '"' + text.replace(". ", f'.{line_break}""Indeed"" ', 1) + '"' if at in (3, 5) else f'"{text}"'
        rows.append(delimiter.join((f"n{at}", quoted, f'" {at}"')) + line_break)
    return rows


@pytest.mark.parametrize(
    ("suffix", "delimiter", "line_break", "encoding"),
    [
        (".csv", ",", "\n", "utf-8"),
        (".csv", ";", "\r\n", "utf-8-sig"),
        (".csv", ",", "\r\n", "latin-1"),
        (".tsv", "\t", "\n", "utf-8"),
        (".csv.gz", ",", "\n", "utf-8"),
    ],
)
def test_rows_that_stay_are_the_same_bytes(
    suffix: str, delimiter: str, line_break: str, encoding: str, tmp_path: Path
) -> None:
    rows = csv_rows(delimiter, line_break)
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    pack: Callable[[bytes], bytes] = gzip.compress if suffix.endswith(".gz") else bytes
    source.write_bytes(pack("".join(rows).encode(encoding)))
    keep(source, "-o", out)
    written = out.read_bytes()
    unpacked = gzip.decompress(written) if suffix.endswith(".gz") else written
    assert unpacked == "".join([rows[0], *(rows[1 + at] for at in STAY)]).encode(encoding)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    ['"', ',"', "a\nb", "a\r\nb", " ", "", '""', ";", "é"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_break=st.sampled_from(["\n", "\r\n"]),
    stray=st.binary(max_size=20),
    whole=st.booleans(),
)
def test_whatever_a_table_holds_rows_are_written_as_they_were(
    rows: list[list[str]], quoting: Any, line_break: str, stray: bytes, whole: bool, tmp_path: Path
) -> None:
    table = io.StringIO()
    writer = csv.writer(table, quoting=quoting, lineterminator=line_break)
    writer.writerow(["id", "text", "more"])
    writer.writerows(rows)
    content = table.getvalue().encode() + stray.replace(b"\0", b"")
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    first = FirstReading()
    items = list(first.follow(read_paths([source])))
    read = [at for at, item in enumerate(items) if isinstance(item, Article)]
    marks = {} if whole else {at: Mark("repeat") for at in range(len(read))}
    with out.open("wb") as stream:
        kept = write_kept([str(source)], ReadOptions(), first, marks, CsvOutput(stream, as_they_are=True))
    if whole and not kept.lost:
        assert out.read_bytes() == content
    elif not whole:
        assert kept.kept == 0
        assert len(out.read_bytes()) <= len(content)


def test_blank_and_broken_rows_stay_where_they_were(tmp_path: Path) -> None:
    content = f'id,text\n\na,"{RAIN}"\nb\nc,stray "quote" in "{BANK}\n\nd,"{GOAL}"\ne,"{CAFE}"\n\n'
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(content)
    done = keep(source, "-o", out)
    assert out.read_text() == content
    assert "skipped, kept as they are" in done.stderr


def test_annotated_rows_have_more_columns(tmp_path: Path) -> None:
    rows = csv_rows(";", "\r\n")
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes("".join(rows).encode("latin-1"))
    keep(source, "-o", out, "--annotate")
    written = out.read_bytes().decode()
    for row in rows:
        assert row.rstrip("\r\n") in written
    found = list(csv.DictReader(io.StringIO(written, newline=""), delimiter=";"))
    before = list(csv.DictReader(io.StringIO("".join(rows), newline=""), delimiter=";"))
    assert [row["role"] for row in found][:3] == ["representative", "representative", "repeat"]
    assert [row["repeats"] for row in found][:3] == ["", "", "n0"]
    assert [{name: row[name] for name in row if name not in FIELDS} for row in found] == before


def test_tables_with_the_same_columns_are_put_together(tmp_path: Path) -> None:
    for name, texts in (("a", TEXTS[:3]), ("b", TEXTS[3:])):
        rows = "".join(f'{name}{at},"{text}"\n' for at, text in enumerate(texts))
        (tmp_path / f"{name}.csv").write_bytes(f"id,text\n{rows}".encode("utf-8-sig" if name == "b" else "latin-1"))
    out = tmp_path / "out.csv"
    keep(tmp_path / "a.csv", tmp_path / "b.csv", "-o", out)
    found = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [row[0] for row in found] == ["id", "a0", "a1", "b0", "b2", "b4"]
    assert found[-1][1] == CAFE


@pytest.mark.parametrize(
    ("files", "out", "message"),
    [
        (
            {"a.csv": "id,text\n", "b.csv": "text,id\n"},
            "out.csv",
            "b.csv has other columns than .*a.csv; name an output",
        ),
        ({"a.csv": "id,text\n", "b.txt": "x"}, "out.csv", "b.txt cannot be written to .csv as it is"),
        ({"a.csv": "id,text\n"}, "out.parquet", "a.csv cannot be written to .parquet as it is"),
        ({"a.csv": "id;text\n"}, "out.tsv", "separated otherwise; name an output that ends in .csv"),
        ({"a.tsv": "id\ttext\n"}, "out.csv", "separated otherwise; name an output that ends in .tsv"),
        ({"a.txt": "x"}, "out", "a.txt has no records with fields to add"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    files: dict[str, str], out: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    monkeypatch.setattr("dedup.pipeline.find_duplicates", lambda *_, **__: pytest.fail("the work began"))
    (tmp_path / "in").mkdir()
    for name, content in files.items():
        (tmp_path / "in" / name).write_text(content)
    error = keep(tmp_path / "in", "-o", tmp_path / out, "--annotate", code=1).stderr
    assert re.search(message, error), error
    assert not (tmp_path / out).exists()


# --- Parquet --------------------------------------------------------------------------------------------------------


def test_rows_of_parquet_keep_their_types_and_the_schema(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "text": TEXTS,
            "id": pa.array(range(8), pa.int32()),
            "when": pa.array(range(8), pa.timestamp("ns", "UTC")),
            "label": pa.array(list("aabbccdd")).dictionary_encode(),
            "tags": [["x"] * at for at in range(8)],
            "inner": [{"a": at, "b": None} for at in range(8)],
            "raw": [bytes([at, 255]) for at in range(8)],
        }
    ).replace_schema_metadata({"mine": "kept"})
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source, compression="zstd", row_group_size=3)
    keep(source, "-o", out)
    assert pq.read_table(out).equals(pq.read_table(source).take(list(STAY)), check_metadata=True)
    assert pq.ParquetFile(out).metadata.row_group(0).column(0).compression == "ZSTD"
    keep(source, "-o", out, "--annotate", "--force")
    found = pq.read_table(out)
    assert found.select(table.column_names).equals(pq.read_table(source))
    assert found["role"].to_pylist()[:3] == ["representative", "representative", "repeat"]
    assert found["score"].type == pa.float64()


def test_shards_of_parquet_become_one_file_or_lines(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "in").mkdir()
    for at in range(4):
        pq.write_table(
            pa.table({"text": TEXTS[2 * at : 2 * at + 2], "n": [2 * at, 2 * at + 1]}), tmp_path / f"in/{at}.parquet"
        )
    keep(tmp_path / "in", "-o", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["n"].to_pylist() == list(STAY)
    found = keep(tmp_path / "in", "-o", "-").stdout.splitlines()
    assert [json.loads(line) for line in found] == [{"text": TEXTS[at], "n": at} for at in STAY]


def test_parquet_is_written_in_groups_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("dedup.actions.parquet_output._MOST_ROWS", 2)
    (tmp_path / "in").mkdir()
    table = pa.table({"text": TEXTS, "n": range(len(TEXTS))})
    for at in range(4):
        pq.write_table(table[2 * at : 2 * at + 2], tmp_path / "in" / f"{at}.parquet")
    keep(tmp_path / "in", "-o", tmp_path / "out.parquet")
    written = pq.ParquetFile(tmp_path / "out.parquet")
    assert written.num_row_groups > 1
    assert written.read().equals(table.take(list(STAY)))


def test_tables_of_other_columns_make_no_one_table(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"text": [RAIN], "n": [1]}), tmp_path / "in" / "a.parquet")
    pq.write_table(pa.table({"text": [BANK], "m": [1]}), tmp_path / "in" / "b.parquet")
    done = keep(tmp_path / "in", "-o", tmp_path / "out.parquet", code=1)
    assert "b.parquet has other columns than" in done.stderr
    assert os.listdir(tmp_path) == ["in"]


def test_arrow_files_become_parquet(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"text": TEXTS, "n": range(8)})
    for name, writer in (("a.arrow", pa.ipc.new_file), ("b.arrow", pa.ipc.new_stream)):
        with writer(tmp_path / name, table.schema) as file:
            file.write_table(table, max_chunksize=3)
        keep(tmp_path / name, "-o", tmp_path / "out.parquet", "--force")
        assert pq.read_table(tmp_path / "out.parquet").equals(table.take(list(STAY)))


def test_a_table_of_which_nothing_stays_is_still_one(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["", None], "n": [1, 2]}), tmp_path / "in.parquet")
    keep(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--drop-skipped")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0
    assert pq.read_schema(tmp_path / "out.parquet") == pq.read_schema(tmp_path / "in.parquet")


def test_values_of_tables_are_told_in_json() -> None:
    from datetime import datetime, timedelta, timezone
    from decimal import Decimal

    when = datetime(2026, 1, 2, tzinfo=timezone.utc)
    row = {
        "when": when,
        "nan": float("nan"),
        "d": Decimal("1.10"),
        "b": [b"ok", b"\xff"],
        "t": timedelta(1),
        "o": object(),
    }
    assert plain(row) == {
        "when": "2026-01-02T00:00:00+00:00",
        "nan": None,
        "d": "1.10",
        "b": ["ok", "/w=="],
        "t": 86400.0,
        "o": None,
    }


# --- several formats, folders ---------------------------------------------------------------------------------------


def collection(folder: Path) -> Path:
    """Files of many formats, with repeats within and between them."""
    (folder / "sub").mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(as_lines(dated((RAIN, BANK)))))
    (folder / "b.csv").write_text(f'text,date\n"{RAIN}",2026-02-01\n"{GOAL}",2026-02-01\n')
    (folder / "c.json").write_text(
        json.dumps({"articles": [{"body": BANK, "n": 1.10}, {"body": CAFE, "n": None}]}, indent=1)
    )
    (folder / "d.json").write_text(json.dumps([{"body": RAIN}, {"body": BANK}]))
    (folder / "sub" / "e.txt").write_text(HUJAN)
    (folder / "sub" / "f.txt").write_text(RAIN_EDITED)
    (folder / "sub" / "g.html").write_text(f"<html><head><title>Gol</title></head><body><p>{GOAL}</p></body></html>")
    (folder / "sub" / "picture.png").write_bytes(b"\x89PNG\0\0")
    (folder / "z.jsonl.gz").write_bytes(gzip.compress("".join(as_lines(records((BANK, RAIN)))).encode()))
    return folder


def test_lines_take_all_formats(tmp_path: Path) -> None:
    folder = collection(tmp_path / "in")
    done = keep(folder, "-o", "-", "--keep", "first")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found == [
        *dated((RAIN, BANK)),
        {"text": GOAL, "date": "2026-02-01"},
        {"body": CAFE, "n": None},
        {"id": f"{folder}/sub/e.txt", "text": HUJAN, "path": f"{folder}/sub/e.txt"},
    ]
    assert "1 skipped, not carried over." in done.stderr


def test_a_folder_gets_files_like_those_read(tmp_path: Path) -> None:
    folder, out = collection(tmp_path / "in"), tmp_path / "out"
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    done = keep(folder, "-o", out, "--keep", "first")
    assert {path: path.read_bytes() for path in before} == before
    written = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert sorted(written) == ["a.jsonl", "b.csv", "c.json", "sub/e.txt", "sub/picture.png", "z.jsonl.gz"]
    for name in ("a.jsonl", "c.json", "sub/e.txt", "sub/picture.png"):
        assert written[name] == (folder / name).read_bytes()
    assert written["b.csv"].decode() == f'text,date\n"{GOAL}",2026-02-01\n'
    assert gzip.decompress(written["z.jsonl.gz"]) == b""
    assert "1 more repeat stays in a file that holds other articles too." in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_folders_of_the_same_names_are_told_apart_or_refused(tmp_path: Path) -> None:
    for name, text in (("x/news", RAIN), ("y/news", BANK), ("z", GOAL)):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.txt").write_text(text)
    keep(tmp_path / "x/news", tmp_path / "z", "-o", tmp_path / "out/")
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.txt")) == [
        "news/a.txt",
        "z/a.txt",
    ]
    error = keep(tmp_path / "x/news", tmp_path / "y/news", "-o", tmp_path / "other", code=1).stderr
    assert "would both be news/a.txt in the folder" in error


def test_inputs_may_be_listed_in_a_file(tmp_path: Path) -> None:
    folder = collection(tmp_path / "in")
    (tmp_path / "list.txt").write_text(f"{folder}/a.jsonl\n{folder}/b.csv\n")
    found = keep("--files-from", tmp_path / "list.txt", "-o", "-").stdout.splitlines()
    assert [json.loads(line)["text"] for line in found] == [RAIN, BANK, GOAL]


def test_members_of_archives_are_written_on_as_lines(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("a.jsonl", "".join(as_lines(dated((RAIN, BANK)))))
        archive.writestr("b.csv", f"text\n{GOAL.replace(',', ' ')}\n")
    (tmp_path / "c.jsonl.bz2").write_bytes(bz2.compress("".join(as_lines(records((BANK, CAFE)))).encode()))
    found = keep(tmp_path / "in.zip", tmp_path / "c.jsonl.bz2", "-o", "-").stdout.splitlines()
    assert [json.loads(line)["text"] for line in found] == [RAIN, BANK, GOAL, CAFE]


# --- hostile --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "code", "message"),
    [
        ("in.jsonl", 1, "one of the inputs"),
        ("link.jsonl", 1, "one of the inputs"),
        ("other.jsonl", 1, "it is there and is no report"),
        ("no/out.jsonl", 1, "there is no folder"),
        ("out.txt", 2, "the name has to say what to write"),
        ("out.parquet.gz", 2, "the name has to say what to write"),
        ("full", 1, "is not empty"),
    ],
)
def test_outputs_that_should_not_be_written_are_refused(out: str, code: int, message: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(as_lines(records())))
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "in.jsonl")
    (tmp_path / "other.jsonl").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert message in keep(tmp_path / "in.jsonl", "-o", tmp_path / out, code=code).stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_reference_may_lie_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    lines = as_lines(records())
    for name, some in (("new", lines), ("here", lines[1:2]), ("there", lines[:1])):
        (tmp_path / f"{name}.jsonl").write_text("".join(some))
    here, there = tmp_path / "here.jsonl", f"file://{tmp_path}/there.jsonl"
    for references, stay in (((there,), (1, 3, 5, 6, 7)), ((here, there), (3, 5, 7)), ((there, here), (3, 5, 7))):
        given = [part for reference in references for part in ("--against", reference)]
        done = keep(tmp_path / "new.jsonl", "-o", "-", *given)
        assert done.stdout == "".join(lines[at] for at in stay), references
        assert "Warning" not in done.stderr
    nowhere = keep(tmp_path / "new.jsonl", "-o", "-", "--against", "file:///nowhere/at/all.jsonl", code=1)
    assert "/nowhere/at/all.jsonl" in nowhere.stderr


def test_empty_paths_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.jsonl").write_text("".join(as_lines(records())))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    told = '"" names no file or folder; is a variable empty?'
    for option in ("-o", "--files-from"):
        assert told in keep(tmp_path / "in.jsonl", "-o", "-", option, "", code=2).stderr
    assert told in keep("", "-o", "-", code=1).stderr
    assert told in keep(tmp_path / "in.jsonl", "-o", "-", "--against", "", code=1).stderr
    assert not any((tmp_path / "empty").iterdir())


def test_an_output_among_the_inputs_is_refused(tmp_path: Path) -> None:
    collection(tmp_path / "in")
    for name in ("out.jsonl", "out"):
        assert "would be read with it" in keep(tmp_path / "in", "-o", tmp_path / "in" / name, code=1).stderr


def test_standard_input_cannot_be_read_twice() -> None:
    assert "cannot be read twice; save it to a file" in keep("-", "-o", "out.jsonl", code=1).stderr


def changing(path: Path, content: str) -> Callable[..., Any]:
    """The pipeline, behind which the input is another."""
    from dedup.pipeline import find_duplicates

    def find(*arguments: Any, **options: Any) -> Report:
        report = find_duplicates(*arguments, **options)
        path.write_text(content)
        return report

    return find


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: [lines[1], lines[0], *lines[2:]], "no longer what was scanned"),
        (lambda lines: lines[:-1], "fewer records"),
        (lambda lines: [*lines, lines[0]], "no longer what was scanned"),
        (lambda lines: [lines[0].replace("12 streets", "13 streets"), *lines[1:]], "no longer what was scanned"),
    ],
    ids=["order", "fewer", "more", "text"],
)
def test_nothing_is_written_when_the_input_changes_between_the_readings(
    change: Callable[[list[str]], list[str]], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = as_lines(records())
    source = tmp_path / "in.jsonl"
    source.write_text("".join(lines))
    monkeypatch.setattr("dedup.pipeline.find_duplicates", changing(source, "".join(change(lines))))
    assert message in keep(source, "-o", tmp_path / "out.jsonl", code=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    monkeypatch.setattr("dedup.pipeline.find_duplicates", changing(source, "".join(lines)))
    source.write_text("".join(change(lines)))
    keep(source, "-o", tmp_path / "folder/", code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize("out", ["out.jsonl", "out.jsonl.gz", "out"])
def test_of_an_interrupted_output_nothing_is_left(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.jsonl").write_text("".join(as_lines(records())))
    put, seen = LinesOutput.put, []

    def interrupted(self: LinesOutput, record: Any) -> bool:
        seen.append(record)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return put(self, record)

    monkeypatch.setattr(LinesOutput, "put", interrupted)
    done = keep(tmp_path / "in.jsonl", "-o", tmp_path / out, code=130)
    assert "interrupted; nothing was written" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_links_and_pipes_in_a_folder_are_not_copied(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(RAIN)
    (folder / "link.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.txt")
    done = keep(folder, "-o", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert "2 skipped, not carried over." in done.stderr


def test_a_truncated_archive_loses_what_cannot_be_read_and_says_so(tmp_path: Path) -> None:
    lines = [
        line for at in range(300) for line in as_lines([{"id": f"{at}", "text": f"{at} {os.urandom(40).hex()} {GOAL}"}])
    ]
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode())[:-2000])
    done = keep(tmp_path / "in.jsonl.gz", "-o", "-", "--kinds", "exact")
    found = done.stdout.splitlines(keepends=True)
    assert 0 < len(found) < 300
    assert found == lines[: len(found)]
    assert "1 skipped, not carried over." in done.stderr


def test_a_report_of_ours_among_the_inputs_is_no_record(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "news.jsonl").write_text("".join(as_lines(records((RAIN, BANK)))))
    CliRunner().invoke(main, ["scan", str(folder), "-o", str(tmp_path / "report.jsonl")])
    (tmp_path / "report.jsonl").rename(folder / "report.jsonl")
    done = keep(folder, "-o", "-")
    assert done.stdout == (folder / "news.jsonl").read_text()
    assert "1 skipped, not carried over." in done.stderr
    keep(folder, "-o", tmp_path / "out")
    assert (tmp_path / "out" / "report.jsonl").read_bytes() == (folder / "report.jsonl").read_bytes()


def test_nothing_at_all_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    (tmp_path / "in").mkdir()
    assert keep(tmp_path / "in.jsonl", "-o", "-").stdout == ""
    assert keep(tmp_path / "in", "-o", "-").stdout == ""


def test_write_kept_refuses_what_another_input_was_scanned_for(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(as_lines(records())))
    with pytest.raises(WriteError, match="no longer what was scanned"):
        write_kept([str(tmp_path / "in.jsonl")], ReadOptions(), FirstReading(), {}, LinesOutput(io.BytesIO()))


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_where_no_article_is_read_nothing_is_written(tmp_path: Path, name: str) -> None:
    source = tmp_path / "in" / "a.csv"
    source.parent.mkdir()
    source.write_text("nr,wortlaut\n1,Ein Text.\n2,Noch ein Text.\n", encoding="utf-8")
    done = keep(source, "-o", tmp_path / name, code=1)
    assert f'no article was read, so nothing is written; {source}: no field "text"' in done.stderr
    assert "name one with --text-field; there are: nr, wortlaut" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    keep(source, "-o", tmp_path / name, "--text-field", "wortlaut")
    whole = keep(source.parent, "-o", f"{tmp_path}/out/")
    assert f'skipped {source}: no field "text"' in whole.stderr
    assert (tmp_path / "out" / "a.csv").read_bytes() == source.read_bytes()


def test_what_is_skipped_is_named_with_its_reason(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    rows = [{"text": GOAL}, *({"text": ""} for _ in range(7))]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    short, full = (keep(source, "-o", "-", *options).stderr for options in ((), ("-v",)))
    assert f"skipped {source}:2: " in short
    assert "skipped 2 more; -v names all\n" in short
    assert f"skipped {source}:8: " in full


def test_an_article_goes_for_none_that_is_a_piece_of_it(tmp_path: Path) -> None:
    piece = {"id": "piece", "text": RAIN[: len(RAIN) // 3], "date": "2026-01-01"}
    (tmp_path / "news.jsonl").write_text("".join(as_lines([piece, {"id": "whole", "text": RAIN}])))
    done = keep(tmp_path / "news.jsonl", "--kinds", "exact,near,excerpt", "-o", "-")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["whole"]


def test_a_piece_that_people_chose_is_kept(tmp_path: Path) -> None:
    piece = {"id": "piece", "text": RAIN[: len(RAIN) // 3]}
    (tmp_path / "news.jsonl").write_text("".join(as_lines([piece, {"id": "whole", "text": RAIN}])))
    (tmp_path / "decisions.jsonl").write_text('{"keep": "piece"}\n')
    arguments = ("--kinds", "exact,near,excerpt", "--decisions", tmp_path / "decisions.jsonl", "-o", "-")
    done = keep(tmp_path / "news.jsonl", *arguments)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["piece"]

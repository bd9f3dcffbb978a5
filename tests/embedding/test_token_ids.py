"""Ids are those the tokenizer gives for the whole text, whatever was met before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

import dedup
from dedup.embedding.tokenizer import bpe, token_ids
from dedup.embedding.tokenizer.bpe import BytePairEncoder
from dedup.embedding.tokenizer.table_cache import kept_tables
from dedup.embedding.tokenizer.token_ids import CachingTokenizer, StretchTokenizer, WordTokenizer, load_tokenizer
from dedup.embedding.tokenizer.vocabulary import Vocabulary, make_tables, read_rule
from dedup.errors import ModelError
from dedup.language import word_hash
from dedup.language.word_hash import HashedWords, HashTable, joined_hashes

BUNDLED = next(Path(dedup.__file__).parent.glob("models/*/0_StaticEmbedding/tokenizer.json"))
PARAGRAPHS = (Path(__file__).parents[1] / "data" / "paragraphs.tsv").read_text(encoding="utf-8").splitlines()
SCRIPTS = {
    "Latin": "Ministers met in Astana, ministers left; 600 billion (2030)!",
    "Turkish": "İSTANBUL'DA Işık IŞIK ı",
    "Vietnamese": "Các bộ trưởng họp tại Astana, ĐÀ NẴNG",
    "Cyrillic": "Министры встретились в Астане — 600 миллиардов.",
    "Greek": "ΟΙ ΥΠΟΥΡΓΟΙ ΣΑΣ συναντήθηκαν στην Αστάνα.",
    "Arabic": "اجتمع الوزراء في أستانا، ٢٠٣٠",
    "Persian with joiners": "وزیران می‌روند",
    "Hebrew": "השרים נפגשו באסטנה.",
    "Devanagari": "मंत्रियों की बैठक २०३० में",
    "Bengali": "মন্ত্রীরা আস্তানায় মিলিত হলেন ২০৩০",
    "Tamil": "அமைச்சர்கள் சந்தித்தனர்",
    "Malayalam": "മന്ത്രിമാർ കണ്ടുമുട്ടി",
    "Thai": "รัฐมนตรีพบกันที่อัสตานา",
    "Han": "部长们在阿斯塔纳会面，2030年一月。",
    "kana": "大臣たちがアスタナで会談した。",
    "Hangul": "장관들이 아스타나에서 만났다.",
    "Georgian capitals": "ᲛᲘᲜᲘᲡᲢᲠᲔᲑᲘ მინისტრები",
    "decomposed": "Cafe\u0301 A\u030angstro\u0308m",
    "letters next to digits": "G7 covid19 x²y 3½ Ⅻa ①b 20世紀",
    "signs that count as letters": "© 5°C €600 a£b ¼± 🎉G7🎉",
    "signs that part": "a$b+c<d=e>f^g`h|i~j_k-l",
    "what is dropped": "a\u00adb \ufeffc\u200bd\x00e\ufffdf\x0cg\x1fh\u0085i",
    "a long word": "antidisestablishmentarianism" * 30,
    "nothing": "",
    "spaces alone": " \t\n \u2003\u3000\u2028",
    "punctuation alone": "… — !",
}
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@cache
def bundled_tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(BUNDLED))


@cache
def bundled_rule() -> tuple[Any, ...]:
    rule, tables = read_rule(BUNDLED.read_bytes())
    assert tables
    vocabulary, pairs = tables
    return rule["normalizer"], vocabulary, BytePairEncoder.of(vocabulary, pairs)


def by_words() -> CachingTokenizer:
    """The bundled tokenizer, which has met nothing."""
    return WordTokenizer(*bundled_rule())


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return bundled_tokenizer()


@pytest.fixture(params=["by words", "by stretches"])
def known(request: pytest.FixtureRequest, tokenizer: Tokenizer) -> CachingTokenizer:
    return by_words() if request.param == "by words" else StretchTokenizer(tokenizer)


def cut(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def split_articles(known: CachingTokenizer, texts: list[str]) -> list[list[int]]:
    ids, lengths = known.encode(texts)
    assert len(ids) == lengths.sum()
    ends = lengths.cumsum()
    return [ids[end - length : end].tolist() for end, length in zip(ends, lengths, strict=True)]


def test_the_bundled_tokenizer_is_taken_apart_into_words() -> None:
    assert isinstance(load_tokenizer(BUNDLED), WordTokenizer)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_ids_are_the_tokenizers_own_in_every_script(tokenizer: Tokenizer, text: str) -> None:
    known = by_words()
    for _ in range(2):  # met for the first time, and again
        assert split_articles(known, [text]) == cut(tokenizer, [text])
    every = list(SCRIPTS.values())
    assert split_articles(known, every) == cut(tokenizer, every)


def test_ids_of_paragraphs_in_all_languages_are_the_tokenizers_own(tokenizer: Tokenizer) -> None:
    assert split_articles(by_words(), PARAGRAPHS) == cut(tokenizer, PARAGRAPHS)


def test_every_character_counts_as_the_tokenizer_counts_it(tokenizer: Tokenizer) -> None:
    codes = [*range(0xD800), *range(0xE000, 0x20000), *range(0x20000, 0x110000, 97)]
    characters = [chr(code) for code in codes]
    parts = [
        " ".join(f"a{c}b1{c}2" for c in characters[start : start + 500]) for start in range(0, len(characters), 500)
    ]
    known = by_words()
    for start in range(0, len(parts), 200):
        some = parts[start : start + 200]
        assert split_articles(known, some) == cut(tokenizer, some)


def test_broken_surrogates_count_for_nothing() -> None:
    known = by_words()
    assert (
        split_articles(known, ["Ast\ud800ana"])
        == split_articles(known, ["Ast\ufffdana"])
        == split_articles(known, ["Astana"])
    )


def test_no_texts_have_no_ids(known: CachingTokenizer) -> None:
    ids, lengths = known.encode([])
    assert (len(ids), len(lengths)) == (0, 0)


def test_what_is_forgotten_is_cut_again(
    known: CachingTokenizer, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_ids, "_MOST", 200)
    monkeypatch.setattr(token_ids, "_MOST_WORDS", 3)
    texts = [text for name, text in SCRIPTS.items() if name != "what is dropped"]
    for text in (*texts, *texts):
        assert split_articles(known, [text, text]) == cut(tokenizer, [text, text])


@given(st.lists(ANYTHING, max_size=5))
def test_any_texts_have_the_tokenizers_ids(texts: list[str]) -> None:
    assert split_articles(by_words(), texts) == cut(bundled_tokenizer(), texts)


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=40), max_size=5))
def test_any_texts_in_stretches_have_the_tokenizers_ids(texts: list[str]) -> None:
    assert split_articles(StretchTokenizer(bundled_tokenizer()), texts) == cut(bundled_tokenizer(), texts)


@given(st.data())
def test_merges_are_the_librarys_whatever_their_order(data: st.DataObject) -> None:
    vocabulary = {letter: number for number, letter in enumerate("abc")}
    pairs: list[tuple[str, str]] = []
    for _ in range(data.draw(st.integers(0, 8))):
        pair = (data.draw(st.sampled_from(sorted(vocabulary))), data.draw(st.sampled_from(sorted(vocabulary))))
        vocabulary.setdefault("".join(pair), len(vocabulary))
        pairs.append(pair)
    pairs = data.draw(st.permutations(pairs))
    words = data.draw(st.lists(st.text("abcx", max_size=30), max_size=6))
    library = Tokenizer(models.BPE(vocabulary, pairs))
    for longest in (bpe._LONG, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bpe, "_LONG", longest)
            spelled = HashedWords.of([part for pair in pairs for part in pair])
            ids, lengths = BytePairEncoder.of(
                Vocabulary.of(HashedWords.of([*vocabulary]), np.array([*vocabulary.values()])), spelled
            ).encode(HashedWords.of(words))
        ends = lengths.cumsum()
        rows = [ids[end - length : end].tolist() for end, length in zip(ends, lengths, strict=True)]
        assert rows == cut(library, words)


WORDS = st.text("abя字", max_size=6)


@given(st.lists(WORDS, max_size=30), st.lists(WORDS, max_size=30), st.integers(1, 20))
def test_words_are_found_as_in_a_dictionary(listed: list[str], sought: list[str], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_hash, "_BLOCK", block)
        patch.setattr(word_hash, "_grown", {})
        hashes, of_sought = HashedWords.of(listed).hashes(), HashedWords.of(sought).hashes()
    last = {word: place for place, word in enumerate(listed)}
    places = HashTable.of(hashes, np.arange(len(listed), dtype=np.int32))
    assert places.find(of_sought).tolist() == [last.get(word, -1) for word in sought]
    vocabulary = Vocabulary.of(HashedWords.of([*last]), 7 * np.array([*last.values()], np.int32))
    assert vocabulary.find(of_sought).tolist() == [7 * last[word] if word in last else -1 for word in sought]
    for letter in "abя字":
        assert vocabulary.letters[ord(letter)] == 7 * last.get(letter, -1 / 7)


def test_many_keys_in_few_buckets_are_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_hash, "_SPREAD", np.uint64(1))  # all of them in the first bucket
    keys = np.arange(300, dtype=np.uint64) * np.uint64(3)
    places = HashTable.of(keys, np.arange(300, dtype=np.int32))
    assert places.find(np.arange(900, dtype=np.uint64)).tolist() == [
        key // 3 if key % 3 == 0 else -1 for key in range(900)
    ]


@given(WORDS, WORDS)
def test_a_word_put_together_has_the_number_of_the_whole(left: str, right: str) -> None:
    parts = HashedWords.of([left, right])
    one, other = parts.hashes()[:1], parts.hashes()[1:]
    assert (joined_hashes(one, other, parts.lengths[:1]) == HashedWords.of([left + right]).hashes()).all()


@given(st.lists(WORDS, max_size=6), st.data())
def test_some_words_are_taken_by_their_places(words: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.sampled_from(range(len(words))), max_size=6)) if words else []
    some, chosen = (
        HashedWords.of(words).take(np.array(places, np.intp)),
        HashedWords.of([words[place] for place in places]),
    )
    assert (some.letters().tolist(), some.lengths.tolist()) == (chosen.letters().tolist(), chosen.lengths.tolist())


COMPACT = (
    '{"normalizer":null,"model":{"type":"BPE","vocab":{"a":0,"b":12,"ab":2,"字":345},"merges":[["a","b"],["ab","a"]]}}'
)
IN_OTHER_WORDS = {
    "spaces": ('"b":12', '"b": 12'),
    "line breaks": (",", ",\n"),
    "an escaped letter": ('"字"', '"\\u5b57"'),
    "an escaped quote": ('"ab":2', '"\\"b":2'),
    "a bracket": ('["ab","a"]', '["]]","a"]'),
    "a large id": ("345", "3450000000000"),
    "no merges": ('["a","b"],["ab","a"]', ""),
    "no tokens": ('"a":0,"b":12,"ab":2,"字":345', ""),
    "merges as strings": ('["a","b"],["ab","a"]', '"a b","ab a"'),
    "a merge of three": ('["a","b"]', '["a","b","c"]'),
    "no numbers": ('"b":12', '"b":null'),
    "the vocabulary elsewhere": ('"normalizer":null', '"normalizer":{"vocab":{"x":1},"merges":[["y","z"]]}'),
}


def test_a_file_without_spaces_and_escapes_is_read_at_once() -> None:
    rule, tables = read_rule(COMPACT.encode())
    model = json.loads(COMPACT)["model"]
    assert rule == {"normalizer": None, "model": {"type": "BPE", "vocab": {}, "merges": []}}
    assert tables
    for vocabulary, pairs in (tables, make_tables(model)):
        assert vocabulary.find(HashedWords.of([*model["vocab"], "c"]).hashes()).tolist() == [0, 12, 2, 345, -1]
        assert pairs.letters().tolist() == [ord(letter) for letter in "ababa"]
        assert pairs.lengths.tolist() == [1, 1, 2, 1]


@pytest.mark.parametrize("change", IN_OTHER_WORDS.values(), ids=IN_OTHER_WORDS.keys())
def test_any_other_file_is_read_as_json(change: tuple[str, str]) -> None:
    text = COMPACT.replace(*change)
    assert text != COMPACT
    assert read_rule(text.encode()) == (json.loads(text), None)


def small_tokenizer() -> Tokenizer:
    """A tokenizer of the bundled one's kind."""
    letters = "abc一 ▁"
    vocabulary = {letter: number for number, letter in enumerate(letters)} | {
        "ab": len(letters),
        "cab": len(letters) + 1,
    }
    tokenizer = Tokenizer(models.BPE(vocabulary, [("a", "b")], ignore_merges=True))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(token_ids.WORDS), "removed", invert=True)
    return tokenizer


def test_tables_are_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    shutil.copy(BUNDLED, path)
    load_tokenizer(path, keep=True)
    kept = kept_tables(path, path.read_bytes())
    assert kept
    normaliser, vocabulary, pairs = bundled_rule()
    assert kept[0] == normaliser
    for found, wanted in (
        *((getattr(kept[1].places, name), getattr(vocabulary.places, name)) for name in ("mixed", "values")),
        (kept[1].letters, vocabulary.letters),
        *((getattr(kept[2], name), getattr(pairs, name)) for name in ("pairs", "made")),
    ):
        assert (found.dtype, found.tolist()) == (wanted.dtype, wanted.tolist())
    monkeypatch.setattr(token_ids, "read_rule", None)  # not looked at again
    assert split_articles(load_tokenizer(path, keep=True), PARAGRAPHS) == cut(bundled_tokenizer(), PARAGRAPHS)


@pytest.mark.parametrize(
    "change", ["another tokenizer", "cut short", "another number", "of another kind", "a folder", "removed", "none"]
)
def test_kept_tables_count_for_the_very_file_they_were_made_of(change: str, tmp_path: Path) -> None:
    path, kept = tmp_path / "tokenizer.json", tmp_path / "__pycache__" / "words.safetensors"
    path.write_text(small_tokenizer().to_str(), encoding="utf-8")
    load_tokenizer(path, keep=True)
    if change == "another tokenizer":
        path.write_text(path.read_text(encoding="utf-8").replace('"c":2', '"d":2'), encoding="utf-8")
    elif change == "cut short":
        kept.write_bytes(kept.read_bytes()[:-1])
    elif change == "another number":
        kept.write_bytes(kept.read_bytes()[:-1] + b"\1")
    elif change == "of another kind":
        save_file({"embeddings": np.zeros(3)}, kept)
    elif change != "none":
        kept.unlink()
    if change == "a folder":
        kept.mkdir()
    assert (kept_tables(path, path.read_bytes()) is None) == (change != "none")
    texts = ["abba cab", "Äb, ABx", " a一b dc"]
    assert split_articles(load_tokenizer(path, keep=True), texts) == cut(Tokenizer.from_file(str(path)), texts)
    assert [found.name for found in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("reason", ["nobody asked", "no place", "a tokenizer of another kind"])
def test_no_tables_are_kept(reason: str, tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    if reason == "a tokenizer of another kind":
        tokenizer.normalizer = normalizers.Lowercase()
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    if reason == "no place":
        (tmp_path / "__pycache__").write_text("a file")
    texts = ["abba cab", "Äb, ABx"]
    assert split_articles(load_tokenizer(path, keep=reason != "nobody asked"), texts) == cut(tokenizer, texts)
    assert not list(tmp_path.glob("__pycache__/*"))


DEPARTURES: dict[str, dict[str, Any]] = {
    "none": {},
    "accents are stripped": {"normalizer": {"strip_accents": True}},
    "Han characters stand alone": {"normalizer": {"handle_chinese_chars": True}},
    "capitals stay": {"normalizer": {"lowercase": False}},
    "another pattern": {"pre_tokenizer": {"pattern": {"Regex": r"[^\s]+"}}},
    "spaces are kept": {"pre_tokenizer": {"behavior": "Isolated", "invert": False}},
    "merges come first": {"model": {"ignore_merges": False}},
    "a token for what is unknown": {"model": {"unk_token": "c"}},
    "numbers that leave one out": {"model": {"vocab": {"a": 0, "b": 1, "ab": 3}}},
}


@pytest.mark.parametrize("departure", DEPARTURES.values(), ids=DEPARTURES.keys())
def test_tokenizers_that_depart_from_the_bundled_one(departure: dict[str, Any], tmp_path: Path) -> None:
    rule = json.loads(small_tokenizer().to_str())
    for part, changes in departure.items():
        rule[part] |= changes
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(rule), encoding="utf-8")
    texts = ["abba cab", "Äb, ABx", " a一b", "一", ""]
    assert split_articles(load_tokenizer(path), texts) == cut(Tokenizer.from_file(str(path)), texts)


@pytest.mark.parametrize(
    ("split", "crosses"),
    [
        (pre_tokenizers.BertPreTokenizer, False),
        (pre_tokenizers.Whitespace, False),
        (pre_tokenizers.WhitespaceSplit, False),
        (pre_tokenizers.Metaspace, True),
        (lambda: None, True),
    ],
    ids=["bert", "whitespace", "whitespace split", "metaspace keeps spaces", "none sees all"],
)
def test_tokenizers_that_see_spaces_get_whole_texts(split: Callable[[], object], crosses: bool) -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, " ": 2, "▁": 3, "ab": 4}, [("a", "b")]))
    tokenizer.normalizer = normalizers.Lowercase()
    if split() is not None:
        tokenizer.pre_tokenizer = split()
    texts = ["ab b", "B ab", " a"]
    ids = split_articles(StretchTokenizer(tokenizer), texts)
    assert ids == cut(tokenizer, texts)
    assert crosses == any(token in (2, 3) for row in ids for token in row)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"model": null}'], ids=repr)
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged or no tokenizer; install the model again"):
        load_tokenizer(tmp_path / "tokenizer.json")

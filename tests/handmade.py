"""A report made by hand: two stories in five languages and scripts, one lone article, two skipped files."""

from __future__ import annotations

from array import array

from dedup.datatypes import (
    Agreement,
    AlignedPair,
    Article,
    Cluster,
    Comparison,
    Evidence,
    Features,
    Language,
    Match,
    MatchKind,
    Report,
    Settings,
    Skipped,
    WeakestPair,
)

ENGLISH = "Subscribe now\nThe ministers met on 12 May. They agreed on 600 billion. Aid for 15 towns follows."
INDONESIAN = "Langganan\nPara menteri bertemu pada 12 Mei. Mereka menyepakati 600 miliar. Bantuan 15 kota menyusul."

ARTICLES = (
    Article("news/en.txt", ENGLISH, path="news/en.txt", url="https://example.org/en", published="2025-05-12"),
    Article("news/id.txt", INDONESIAN, path="news/id.txt"),
    Article("ja-1", "地震がありました。" * 3, "東京で大きな地震がありました、津波の心配はありません", "wire.jsonl"),
    Article("ar-1", "وقع زلزال كبير اليوم.", "زلزال كبير في طوكيو ولا خطر من تسونامي", "wire.jsonl"),
    Article("th-1", "เกิดแผ่นดินไหวใหญ่วันนี้", "แผ่นดินไหวใหญ่ในโตเกียว", "wire.jsonl"),
    Article("news/lone.txt", "Nothing else is like this.", path="news/lone.txt"),
)
LANGUAGES = tuple(Language(code, 0.9876543) for code in ("en", "id", "ja", "ar", "th", "en"))


def evidence() -> Evidence:
    """Three facing sentences, numbers that agree, one that clashes."""
    return Evidence(
        coverage=(0.91, 0.9512345678),
        aligned=(AlignedPair(1, 1, 0.93), AlignedPair(2, 2, 0.91), AlignedPair(3, 3, 0.87)),
        numbers=Agreement(("12", "15", "600000000000"), left_only=("7",)),
        names=Agreement(("Tokyo",)),
        features=Features(("cosine", "coverage"), array("f", [0.871, 0.91]).tobytes()),
    )


def small_evidence(number: str) -> Evidence:
    """One facing sentence and one shared number."""
    return Evidence((0.8, 0.7), (AlignedPair(0, 0, 0.8),), Agreement((number, "2025")))


def handmade_report() -> Report:
    """The report described above."""
    return Report(
        articles=ARTICLES,
        languages=LANGUAGES,
        matches=(
            Match(0, 1, 0.871, 0.981, MatchKind.TRANSLATION, evidence()),
            Match(2, 3, 0.7, 0.9, MatchKind.TRANSLATION, small_evidence("3")),
            Match(3, 4, 0.6, 0.85, MatchKind.TRANSLATION, small_evidence("4")),
        ),
        clusters=(
            Cluster((0, 1), 0, MatchKind.TRANSLATION, WeakestPair(0, 1, 0.871, 0.981)),
            Cluster((2, 3, 4), 3, MatchKind.TRANSLATION, WeakestPair(2, 4, 0.45, 0.3)),
        ),
        skipped=(Skipped("news/broken\x1b[31m.gz", "truncated gzip"), Skipped("wire.jsonl", "not JSON", 3)),
        settings=Settings(),
        model="toy@toy-1",
        threshold=0.5,
    )


def empty_report(*articles: Article) -> Report:
    """A report that found nothing."""
    languages = tuple(Language("en", 0.99) for _ in articles)
    return Report(articles, languages, (), (), (), Settings(), "toy@toy-1", 0.5)


def handmade_comparison(*, is_match: bool = True) -> Comparison:
    """The first story's two articles held side by side."""
    match = Match(0, 1, 0.871, 0.981 if is_match else 0.12, MatchKind.TRANSLATION, evidence())
    return Comparison(ARTICLES[0], ARTICLES[1], (LANGUAGES[0], LANGUAGES[1]), match, is_match, 0.5)

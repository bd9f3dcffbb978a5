"""What an archive tells of its articles, and how it changes."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import dedup
from archive.collection import PAGE, gold
from dedup import Archive, Article, MatchKind, Settings, Skipped


@pytest.fixture(scope="module")
def story() -> list[Article]:
    """Articles of one gold story in several languages."""
    return [article for article in gold() if article.id.startswith("translation/ferry/")]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(tmp_path / "a.db")


def test_an_article_is_found_in_any_language_with_the_score_of_a_comparison(
    archive: Archive, story: list[Article]
) -> None:
    first, *others = story
    archive.add([*others, *(article for article in gold() if "/ferry/" not in article.id)])
    findings = archive.check(first)
    assert {finding.article.id for finding in findings} == {article.id for article in others}
    for finding in findings:
        expected = dedup.compare_articles(first, finding.article)
        assert finding.comparison.match.score == pytest.approx(expected.match.score, abs=1e-6)
        assert finding.kind is expected.match.kind
        assert finding.comparison.match.evidence.aligned == expected.match.evidence.aligned
        assert finding.article.id in {story.id: story for story in archive.stories()}[finding.story].members
    assert [finding.score for finding in findings] == sorted((finding.score for finding in findings), reverse=True)


def test_an_article_that_is_not_there_is_not_found(archive: Archive, story: list[Article]) -> None:
    assert archive.check(story[0]) == ()
    archive.add(story)
    assert archive.check(Article("x", "Turnips grow in the rain, and nobody minds a wet afternoon.")) == ()


def test_a_copy_is_exact_and_every_article_with_its_text_is_named(archive: Archive, story: list[Article]) -> None:
    copy = replace(story[0], id="copy", text=story[0].text.upper())
    archive.add([story[0], copy])
    findings = archive.check(replace(story[0], id="other"))
    assert [(finding.article.id, finding.kind, finding.score) for finding in findings] == [
        (story[0].id, MatchKind.EXACT, 1.0),
        ("copy", MatchKind.EXACT, 1.0),
    ]


def test_what_is_there_is_not_computed_again(archive: Archive, story: list[Article]) -> None:
    added = archive.add([*story, Skipped("broken.pdf", "not a PDF")])
    assert (added.added, added.changed, added.unchanged, len(added.skipped)) == (len(story), 0, 0, 1)
    again = archive.add(story)
    assert (again.added, again.changed, again.unchanged, again.run) == (0, 0, len(story), 0)
    assert len(archive) == len(story)


def test_a_changed_article_takes_the_place_of_the_older_version(archive: Archive, story: list[Article]) -> None:
    archive.add(story)
    changed = replace(story[0], text="A wholly different report on the price of turnips in the valley this winter.")
    added = archive.add([changed])
    assert (added.added, added.changed) == (0, 1)
    assert len(archive) == len(story)
    assert changed.id not in archive.stories()[0].members
    assert [item.article.text for item in archive.articles() if item.article.id == changed.id] == [changed.text]


def test_articles_of_two_files_may_have_one_id(archive: Archive) -> None:
    one = Article("5", "The bridge was closed on Monday after a lorry struck the railing.", path="a.jsonl", own_id="5")
    other = Article("5", "A museum of clocks opens its doors in the old granary.", path="b.jsonl", own_id="5")
    archive.add([one])
    archive.add([other])
    assert [item.article.id for item in archive.articles()] == ["5", "b.jsonl#5"]
    assert archive.add([one, other]).unchanged == 2


def test_a_story_keeps_its_id_as_it_grows_and_a_merge_is_recorded(archive: Archive) -> None:
    ferry = [article for article in gold() if article.id.startswith("translation/ferry/")]
    archive.add(ferry[:2])
    (first,) = archive.stories()
    run = archive.add(ferry[2:3]).run
    (grown,) = archive.stories()
    assert (grown.id, grown.born, grown.grew) == (first.id, first.born, run)
    assert set(grown.members) > set(first.members)
    archive.remove([grown.members[0]])
    assert archive.stories()[0].id == first.id
    archive.remove(archive.stories()[0].members)
    assert (archive.stories(), archive.successions()) == ((), {first.id: None})


def test_two_stories_that_become_one_leave_a_record(archive: Archive) -> None:
    text = next(article for article in gold() if article.id == "translation/ferry/en").text
    lines = text.split("\n\n")
    whole = Article("whole", text)
    top, bottom = ("\n\n".join(part) for part in (lines[: len(lines) // 2], lines[len(lines) // 2 :]))
    parts = [Article("top", top), Article("top copy", f"{top} "), Article("bottom", bottom)]
    archive.add([*parts, Article("bottom copy", f"{bottom} ")])
    before = archive.stories()
    assert len(before) == 2
    archive.add([whole, Article("whole copy", text.replace("harbour", "harbor"))])
    after = {story.id for story in archive.stories()}
    gone = [story.id for story in before if story.id not in after]
    assert all(archive.successions()[id] in after for id in gone)
    assert all(archive.story(story.id) is not None for story in before)
    assert len(after) + len(gone) >= 2


def test_only_stories_that_grew_are_listed_since_a_run_or_a_day(archive: Archive, story: list[Article]) -> None:
    first = archive.add(story[:2]).run
    second = archive.add([article for article in gold() if article.id.startswith("copy/")]).run
    assert {item.grew for item in archive.stories(since=second)} <= {second}
    assert len(archive.stories(since=first)) == len(archive.stories())
    assert archive.stories(since="2999-01-01") == ()
    assert archive.stories(since="2000-01-01") == archive.stories()
    with pytest.raises(dedup.SettingsError, match="number of a run or a date"):
        archive.stories(since="yesterday")


def test_sentences_of_the_page_weigh_less_the_more_pages_have_them(archive: Archive) -> None:
    of_topics = [article for article in gold() if article.id.startswith("translation/") and article.id.endswith("/en")]
    pages = [Article(article.id, "\n".join([article.text[:400], *PAGE])) for article in of_topics]
    fresh = Article("fresh", "\n".join(["A regatta of wooden boats set out at dawn.", *PAGE]))
    archive.add(pages[:2])
    before = archive.check(fresh)
    archive.add(pages[2:])
    after = {finding.article.id: finding for finding in archive.check(fresh)}
    for finding in before:
        if later := after.get(finding.article.id):
            assert later.score <= finding.score
            there, then = (sum(each.comparison.match.evidence.coverage) for each in (later, finding))
            assert there < then


def test_removal_needs_a_name_that_is_there(archive: Archive, story: list[Article]) -> None:
    archive.add(story)
    with pytest.raises(dedup.ArchiveError, match="holds no article 'nothing'"):
        archive.remove(["nothing"])
    assert archive.remove([article.id for article in story]) == len(story)
    assert archive.check(story[0]) == ()
    assert archive.info().texts == 0


def test_a_file_is_removed_by_its_path(archive: Archive, story: list[Article]) -> None:
    archive.add([replace(article, path="news.jsonl", own_id=article.id) for article in story])
    assert archive.remove(["news.jsonl"]) == len(story)


def test_settings_stay_those_of_the_first_run(tmp_path: Path, story: list[Article]) -> None:
    with Archive.open(tmp_path / "a.db", settings=Settings(threshold=0.9)) as archive:
        archive.add(story)
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.info().threshold == 0.9
        archive.check(story[0])
    with pytest.raises(dedup.ArchiveError, match=r"threshold 0\.9, and asked for is 0\.5.*archive export"):
        Archive.open(tmp_path / "a.db", settings=Settings())


def test_another_model_is_refused_with_the_way_to_rebuild(
    tmp_path: Path, story: list[Article], toy_encoder: dedup.Encoder
) -> None:
    with Archive.open(tmp_path / "a.db", encoder=toy_encoder) as archive:
        archive.add(story)
    with pytest.raises(dedup.ArchiveError, match=r"with the model toy@toy-1, and this is bundled@.*archive add"):
        Archive.open(tmp_path / "a.db", settings=Settings())


def test_any_text_can_be_kept(archive: Archive) -> None:
    odd = [
        Article("\udcff.txt", "A name of a file that is no text, with a report on tides.", path="\udcff.txt"),
        Article("lone", "A lone surrogate \ud800 in the middle of a report on the weather of the coast."),
        Article("short", "x"),
        Article("quote'\"", "'; DROP TABLE articles; -- is what the headline said about the database.", title="\0"),
        Article("digits", "12345 67890"),
    ]
    assert archive.add(odd).added == len(odd)
    assert archive.add(odd).unchanged == len(odd)
    assert [item.article.text for item in archive.articles()] == [article.text for article in odd]
    assert all(archive.check(article)[0].kind is MatchKind.EXACT for article in odd)


def test_several_processes_write_the_same(tmp_path: Path) -> None:
    for jobs in (1, 2):
        with Archive.open(tmp_path / f"{jobs}.db") as archive:
            archive.add(gold(), jobs=jobs)
    with Archive.open(tmp_path / "1.db") as one, Archive.open(tmp_path / "2.db") as two:
        assert one.stories() == two.stories()


def test_threads_read_consistent_states_while_one_writes(archive: Archive, story: list[Article]) -> None:
    archive.add(story)
    rest = [article for article in gold() if article not in story]
    wrong, done = list[str](), threading.Event()

    def read() -> None:
        while not done.is_set():
            found = {finding.article.id for finding in archive.check(story[0])}
            if not found >= {article.id for article in story}:
                wrong.append(f"lost {found}")
            report = archive.report()
            together = [{report.articles[at].id for at in cluster.members} for cluster in report.clusters]
            if not any(members >= {article.id for article in story} for members in together):
                wrong.append(f"a story lost a member: {together}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, 60, 10):
        archive.add(rest[start : start + 10])
        archive.remove([article.id for article in rest[start : start + 5]])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_it_works_beside_asyncio(archive: Archive, story: list[Article]) -> None:
    async def ask() -> list[int]:
        adding = asyncio.create_task(asyncio.to_thread(archive.add, story))
        await adding
        found = await asyncio.gather(*(asyncio.to_thread(archive.check, article) for article in story))
        return [len(findings) for findings in found]

    assert asyncio.run(ask()) == [len(story)] * len(story)


def test_a_closed_archive_says_so(archive: Archive, story: list[Article]) -> None:
    archive.close()
    with pytest.raises(dedup.ArchiveError, match="is closed; open it again"):
        len(archive)


def test_a_report_of_an_archive_has_what_a_report_of_a_scan_has(archive: Archive, story: list[Article]) -> None:
    archive.add(story)
    report = archive.report()
    assert isinstance(report, dedup.Report)
    assert [len(found.articles) for found in report.stories()] == [len(story)]
    assert len(report.kept()) == 1


def test_only_an_article_is_looked_up(archive: Archive) -> None:
    with pytest.raises(TypeError, match=r"dedup\.Article\(id, text\), got str"):
        archive.check("a text")  # type: ignore[arg-type]


def test_an_archive_shows_its_file(archive: Archive) -> None:
    assert re.fullmatch(r"Archive\('.*\.db'\)", repr(archive))

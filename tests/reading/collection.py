"""A collection of small files as archives hold them, of every kind that is read, made where a test asks for it.

Each entry of `FILES` is a file with what becomes of it: for each record its title, date, declared language and the
first and last word of its text, or the reason why it is skipped. Run as a script, it writes the files into a folder.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TypeAlias

Expected: TypeAlias = "tuple[str, str, str, str, str] | str"
"""Title, date, language, first word, last word; or the beginning of the reason."""

STORIES = {
    "en": ("Ferries run again", "The boats left at nine.\n\nMost passengers were glad of it."),
    "id": ("Kapal berlayar lagi", "Kapal berangkat pukul sembilan.\n\nPara penumpang merasa senang."),
    "de": ("Die Fähren fahren wieder", "Die Schiffe legten um neun ab.\n\nDie Fahrgäste waren froh darüber."),
    "fr": ("Les bateaux repartent", "Les bateaux sont partis à neuf heures.\n\nLes passagers étaient ravis."),
    "ru": ("Паромы снова ходят", "Суда отошли в девять часов.\n\nПассажиры были рады этому."),
    "ar": ("العبارات تعمل من جديد", "غادرت السفن في الساعة التاسعة.\n\nكان الركاب سعداء بذلك."),
    "he": ("המעבורות שוב מפליגות", "הספינות יצאו בשעה תשע.\n\nהנוסעים שמחו מאוד."),
    "hi": ("नौकाएँ फिर चलीं", "जहाज़ नौ बजे रवाना हुए।\n\nयात्री बहुत प्रसन्न थे"),
    "th": ("เรือข้ามฟากกลับมา", "เรือออกเวลาเก้านาฬิกา\n\nผู้โดยสารดีใจ"),
    "zh": ("渡輪恢復通航", "船隻九點出發。\n\n乘客都很高興。"),
    "ja": ("フェリーが再開", "船は九時に出発した。\n\n乗客は喜んだ。"),
    "ko": ("여객선 다시 운항", "배는 아홉 시에 떠났다.\n\n승객들은 기뻐했다."),
    "el": ("Τα πλοία ξεκίνησαν πάλι", "Τα πλοία έφυγαν στις εννέα.\n\nΟι επιβάτες χάρηκαν πολύ."),
}
DATE = "2024-05-01"


def told(language: str, *, title: bool = True, date: str = DATE, declared: bool = True, head: bool = False) -> Expected:
    """What a file with a story is to become; `head` where the text begins with the title."""
    name, text = STORIES[language]
    words = f"{name} {text}".split() if head else text.split()
    return (name if title else "", date, language if declared else "", words[0], words[-1])


def html(language: str) -> str:
    """A page with a story."""
    title, text = STORIES[language]
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="article:published_time" content="{DATE}T08:00:00Z"></head>'
        f"<body><main><article>{paragraphs}</article></main></body></html>"
    )


def markdown(language: str) -> str:
    """A story in Markdown with YAML in front."""
    title, text = STORIES[language]
    return f"---\ntitle: >-\n  {title}\ndate: {DATE}\nlang: {language}\n---\n{text}\n"


def record(language: str, **more: object) -> dict[str, object]:
    """A story as a record."""
    title, text = STORIES[language]
    return {"title": title, "date": DATE, "lang": language, "text": text, **more}


def zipped(files: dict[str, str | bytes]) -> bytes:
    """A ZIP archive, the same bytes every time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def tarred(files: dict[str, str | bytes], mode: str = "w") -> bytes:
    """A tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def mail(language: str) -> str:
    """A story as a message."""
    title, text = STORIES[language]
    return (
        f"From: a@example.org\r\nSubject: {title}\r\nDate: Wed, 01 May 2024 08:00:00 +0000\r\n"
        f'MIME-Version: 1.0\r\nContent-Language: {language}\r\nContent-Type: text/plain; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    )


def feed_item(language: str, **elements: str) -> str:
    """A story as an item of RSS."""
    title, text = STORIES[language]
    more = "".join(
        f"<{name.replace('_', ':', 1)}>{value}</{name.replace('_', ':', 1)}>" for name, value in elements.items()
    )
    return (
        f"<item><title>{title}</title><pubDate>Wed, 01 May 2024 08:00:00 +0000</pubDate>"
        f"<content:encoded><![CDATA[{text}]]></content:encoded>{more}</item>"
    )


def feed(*items: str) -> str:
    """A feed with the namespaces of WordPress."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Courier</title><language>en</language>'
        + "".join(items)
        + "</channel></rss>"
    )


def nitf(language: str) -> str:
    """A story in NITF."""
    title, text = STORIES[language]
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    return (
        f'<?xml version="1.0"?><nitf xml:lang="{language}"><head><title>Wire</title><docdata>'
        f'<date.issue norm="{DATE}"/></docdata></head><body><body.head><hedline><hl1>{title}</hl1></hedline></body.head>'  # noqa: E501
        f"<body.content>{paragraphs}</body.content></body></nitf>"
    )


def newsml(language: str) -> str:
    """A story in NewsML-G2."""
    title, text = STORIES[language]
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    return (
        f'<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:x" xml:lang="{language}"><contentMeta>'
        f'<contentCreated>{DATE}</contentCreated><headline>{title}</headline><language tag="{language}"/></contentMeta>'
        f'<contentSet><inlineXML><html xmlns="http://www.w3.org/1999/xhtml"><body>{paragraphs}</body></html></inlineXML>'
        "</contentSet></newsItem>"
    )


def files() -> dict[str, tuple[str | bytes, list[Expected]]]:
    """Every file with what becomes of it."""
    found: dict[str, tuple[str | bytes, list[Expected]]] = {}
    for language, (title, text) in STORIES.items():
        found |= {
            f"txt/{language}.txt": (text, [told(language, title=False, date="", declared=False)]),
            f"md/{language}.md": (markdown(language), [told(language)]),
            f"md/{DATE}-{language}.markdown": (f"## {title}\n\n{text}\n", [told(language, declared=False, head=True)]),
            f"html/{language}.html": (html(language), [told(language)]),
            f"json/{language}.json": (json.dumps(record(language)), [told(language)]),
            f"mail/{language}.eml": (mail(language), [told(language, date=f"{DATE}T08:00:00+00:00")]),
        }
    for language, encoding in {
        "de": "cp1252", "fr": "utf-16", "ru": "cp1251", "ar": "cp1256", "he": "cp1255", "el": "cp1253", "th": "cp874",
        "zh": "big5", "ja": "iso2022_jp", "ko": "cp949", "en": "utf-32", "hi": "utf-8-sig",
    }.items():  # fmt: skip
        text = " ".join([STORIES[language][1]] * 6)
        words = STORIES[language][1].split()
        found[f"encodings/{encoding}.txt"] = (text.encode(encoding), [("", "", "", words[0], words[-1])])
    title, text = STORIES["en"]
    rows = [(*STORIES[language], language) for language in ("en", "id")]
    both: list[Expected] = [told("en"), told("id")]
    undated: list[Expected] = [told("en", date=""), told("id", date="")]
    flat = [(name, " ".join(text.split()), language) for name, text, language in rows]
    posts = [
        {
            "id": number,
            "date": DATE,
            "title": {"rendered": name},
            "content": {"rendered": f"<p>{text}</p>", "protected": False},
            "excerpt": {"rendered": "<p>No</p>"},
            "lang": language,
        }
        for number, (name, text, language) in enumerate(rows)
    ]
    drupal = {
        "jsonapi": {"version": "1.0"},
        "data": [
            {
                "type": "node--article",
                "id": f"u-{language}",
                "attributes": {"title": name, "created": DATE, "langcode": language, "body": {"value": text}},
            }
            for name, text, language in rows
        ],
    }
    ghost = {
        "db": [
            {
                "meta": {"version": "5"},
                "data": {
                    "posts": [
                        {"title": name, "html": f"<p>{text}</p>", "published_at": DATE, "locale": language}
                        for name, text, language in rows
                    ],
                    "tags": [{"name": "ships"}, {"name": "sea"}, {"name": "wind"}],
                },
            }
        ]
    }
    newsapi = {
        "status": "ok",
        "totalResults": 1,
        "articles": [
            {"source": {"id": None}, "title": title, "publishedAt": DATE, "content": f"{text}… [+2100 chars]"}
        ],
    }
    members: dict[str, str | bytes] = {
        "a/en.md": markdown("en"),
        "a/id.html": html("id"),
        "a/__MACOSX/._x.md": "no",
        "a/photo.png": b"\x89PNG",
        "a/photo2.png": b"\x89PNG",
    }
    unread = 'unsupported file type ".png" of 2 files'
    jsonl = "".join(json.dumps(record(language)) + "\n" for language in ("en", "id"))
    mailbox = "".join(
        f"From a@example.org Wed May  1 08:00:00 2024\n{mail(language)}\n" for language in ("en", "ru")
    ).replace("\r\n", "\n")
    dated = f"{DATE}T08:00:00+00:00"
    blank = "title;text;sprache\n"
    found |= {
        "records/posts.json": (json.dumps(posts), both),
        "records/drupal.json": (json.dumps(drupal), both),
        "records/ghost.json": (json.dumps(ghost), both),
        "records/newsapi.json": (json.dumps(newsapi), [(title, DATE, "", "The", "it.…")]),
        "records/a.jsonl": (jsonl, both),
        "records/a.jsonl.gz": (gzip.compress(jsonl.encode(), mtime=0), both),
        "records/a.jsonl.xz": (lzma.compress(jsonl.encode()), both),
        "records/a.jsonl.bz2": (bz2.compress(jsonl.encode()), both),
        "records/excel.csv": (blank + "\n".join(";".join(row) for row in flat), undated),
        "records/unicode.txt": (
            ("Titel\tTexte\tSprache\r\n" + "\r\n".join("\t".join(row) for row in flat)).encode("utf-16"),
            undated,
        ),
        "records/unicode.tsv": (
            ("Titel\tTexte\tSprache\r\n" + "\r\n".join("\t".join(row) for row in flat)).encode("utf-16"),
            undated,
        ),
        "feeds/news.rss": (feed(feed_item("en")), [told("en", date=dated)]),
        "feeds/wxr.xml": (
            feed(
                feed_item("en", wp_post_type="post", wp_status="publish"),
                feed_item("en", wp_post_type="attachment", wp_status="inherit"),
                feed_item("en", wp_post_type="post", wp_status="trash"),
            ),
            [told("en", date=dated), 'WordPress entry of type "attachment"', "WordPress entry in the trash"],
        ),
        "feeds/nitf.xml": (nitf("fr"), [told("fr")]),
        "feeds/newsml.xml": (newsml("ar"), [told("ar")]),
        "feeds/other.xml": ("<?xml version='1.0'?><a><b>c</b></a>", ["no feed (RSS or Atom)"]),
        "mail/box.mbox": (mailbox, [told("en", date=dated), told("ru", date=dated)]),
        "mail/page.mhtml": (
            "From: <Saved>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
            '\tboundary="b"\r\n\r\n--b\r\nContent-Type: text/html; charset="utf-8"\r\n'
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{html('de')}\r\n--b--\r\n",
            [told("de")],
        ),
        "plain/page.xhtml": ('<?xml version="1.0" encoding="UTF-8"?>\n' + html("fr"), [told("fr")]),
        "plain/a.text": (text, [told("en", title=False, date="", declared=False)]),
        "plain/a.mdx": (
            f"import A from 'a'\n\nexport const meta = {{\n  a: 1\n}}\n\n# {title}\n\n<A b={{1}}>\n\n{text}\n\n</A>\n",
            [told("en", date="", declared=False, head=True)],
        ),
        "plain/a.rst": (
            f":date: {DATE}\n:lang: en\n\n{'=' * 20}\n{title}\n{'=' * 20}\n\n.. image:: a.png\n   :alt: no\n\n{text}\n",
            [told("en", head=True)],
        ),
        "plain/a.adoc": (f"= {title}\n:lang: en\n:date: {DATE}\n\n[source]\n----\nno = 1\n----\n\n{text}\n", [told("en", head=True)]),  # noqa: E501
        "plain/a.srt": (
            "1\n00:00:01,000 --> 00:00:04,000\n<i>The boats left</i>\nat nine.\n\n2\n00:00:05,000 --> 00:00:07,000\n"
            "Most were glad of it.\n",
            [("", "", "", "The", "it.")],
        ),
        "plain/a.vtt": (
            "WEBVTT\n\nNOTE no\n\nintro\n00:01.000 --> 00:04.000 align:start\nThe boats left\n\n"
            "00:05.000 --> 00:07.000\n<v Ann>glad of it.\n",
            [("", "", "", "The", "it.")],
        ),
        "bare/page": (html("en"), [told("en")]),
        "bare/notes": (text, [told("en", title=False, date="", declared=False)]),
        "bare/post": (markdown("ja"), [told("ja")]),
        "bare/letter": (mail("ko"), [told("ko", date=dated)]),
        "bare/box": (mailbox, [told("en", date=dated), told("ru", date=dated)]),
        "bare/dump": (jsonl, both),
        "bare/news": (feed(feed_item("en")), [told("en", date=dated)]),
        "bare/program": (bytes(range(256)) * 8, ["unsupported file type, no suffix"]),
        "packed/a.zip": (zipped(members), [told("en"), told("id"), unread]),
        "packed/a.tar": (tarred(members), [told("en"), told("id"), unread]),
        "packed/a.tar.gz": (gzip.compress(tarred(members), mtime=0), [told("en"), told("id"), unread]),
        "packed/a.tgz": (gzip.compress(tarred(members), mtime=0), [told("en"), told("id"), unread]),
        "packed/a.tar.xz": (lzma.compress(tarred(members)), [told("en"), told("id"), unread]),
        "packed/a.tar.bz2": (bz2.compress(tarred(members)), [told("en"), told("id"), unread]),
        "packed/nested.zip": (zipped({"b.zip": zipped({"en.md.gz": gzip.compress(markdown("en").encode(), mtime=0)})}), [told("en")]),  # noqa: E501
        "packed/deep.zip": (zipped({"b.zip": zipped({"c.zip": zipped({"en.md": "x"})})}), ["an archive within archives"]),  # noqa: E501
        "packed/broken.zip": (zipped(members)[:-30], ["broken archive"]),
        "packed/broken.tar.xz": (lzma.compress(tarred(members))[:-40], ["broken"]),
        "packed/page.html.xz": (lzma.compress(html("zh").encode()), [told("zh")]),
        "unread/letter.doc": (b"\xd0\xcf\x11\xe0", ['unsupported file type ".doc"; save it as .docx']),
        "unread/photo.jpg": (b"\xff\xd8", ['unsupported file type ".jpg"']),
    }  # fmt: skip
    return found


def write(folder: Path) -> None:
    """Write all files into a folder."""
    for name, (content, _) in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    write(Path(sys.argv[1]))

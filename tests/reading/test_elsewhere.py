"""Files on the web and in stores, from servers that run here: what they become, and what no server can do."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from collection import DATE, STORIES, html, record, zipped

from dedup import Article, ReadError, ReadOptions, Skipped, read_paths
from dedup.cli import main
from dedup.runtime import web_files

TITLE, TEXT = STORIES["en"]

LINES = "".join(json.dumps(record(language, id=language)) + "\n" for language in ("en", "id", "de")).encode()

FEED = (
    f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>{TITLE}</title>'
    f"<guid>1</guid><description>{TEXT}</description></item></channel></rss>"
).encode()

PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/feed.xml": (200, {"Content-Type": "application/rss+xml"}, FEED),
    "/feed": (200, {"Content-Type": "application/rss+xml; charset=utf-8"}, FEED),
    "/articles.jsonl.gz": (200, {"Content-Type": "application/octet-stream"}, gzip.compress(LINES)),
    "/encoded.jsonl": (200, {"Content-Encoding": "gzip"}, gzip.compress(LINES)),
    "/page.html": (200, {"Content-Type": "text/html"}, html("en").encode()),
    "/2024/ferries": (200, {"Content-Type": "text/html; charset=utf-8"}, html("en").encode()),
    "/release-1.2": (200, {"Content-Type": "text/html"}, html("en").encode()),
    "/list.php?page=2": (200, {"Content-Type": "application/json"}, json.dumps([record("id", id="a")]).encode()),
    "/unsaid": (200, {}, html("en").encode()),
    "/news.zip": (200, {}, zipped({"a.txt": TEXT, "b.jsonl": LINES})),
    "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D1%8C.txt": (200, {}, TEXT.encode()),
    "/moved": (302, {"Location": "/page.html"}, b""),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/to-file": (302, {"Location": "file:///etc/hostname"}, b""),
    "/to-ftp": (302, {"Location": "ftp://localhost/a.txt"}, b""),
    "/gone.html": (404, {"Content-Type": "text/html"}, b"<p>Not here, but long enough to be a text."),
    "/broken.html": (200, {"Content-Length": "9999"}, b"<p>Half of it."),
    "/brotli.html": (200, {"Content-Encoding": "br"}, b"\x8b\x02\x80abc\x03"),
    "/large.txt": (200, {}, b"word " * 10_000),
    "/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n\0\0\0\0"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path in ("/drip.txt", "/mute.txt"):
            self._drip()
            return
        status, headers, body = PAGES.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """An answer without an end, a byte at a time: of the text, or of its headers."""
        self.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if self.path == "/drip.txt" else b"X: "))
        try:
            while not self.server.closing.wait(0.02):  # type: ignore[attr-defined]
                self.wfile.write(b"a")
        except OSError:  # nobody waits for it
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        serving.closing = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.closing.set()  # type: ignore[attr-defined]
        serving.shutdown()
        thread.join()


SHORT = STORIES["he"][1][:22]
"""Too short a text to guess its encoding."""

SHORT_PAGES = {
    "/short.html": ("text/html", "<p>{}</p>"),
    "/belied.html": ("text/html", '<meta charset="koi8-r"><p>{}</p>'),
    "/short.txt": ("text/plain", "{}"),
    "/short.md": ("text/markdown", "{}"),
    "/short.csv": ("text/csv", "id,text\n1,{}\n"),
    "/short.json": ("application/json", '[{{"text": "{}"}}]'),
}

for path, (kind, form) in SHORT_PAGES.items():
    header = {"Content-Type": f'{kind}; charset="windows-1255"'}
    PAGES[path] = (200, header, form.format(SHORT).encode("cp1255"))


def reads(*urls: str, **options: Any) -> list[Article | Skipped]:
    return list(read_paths(urls, ReadOptions(**options)))


@pytest.mark.parametrize("path", ["/page.html", "/2024/ferries", "/release-1.2", "/unsaid", "/moved"])
def test_a_page_is_read_by_its_suffix_or_type_or_content(path: str, server: str) -> None:
    (article,) = reads(server + path)
    assert isinstance(article, Article)
    assert (article.id, article.path, article.title) == (server + path, server + path, TITLE)
    assert (article.published, article.declared_language, article.text) == (DATE, "en", TEXT.replace("\n\n", "\n"))


@pytest.mark.parametrize("path", SHORT_PAGES)
def test_what_a_server_says_of_the_encoding_counts(path: str, server: str) -> None:
    (article,) = reads(server + path)
    assert isinstance(article, Article)
    assert article.text == SHORT


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/feed.xml", ["1"]),
        ("/feed", ["1"]),
        ("/articles.jsonl.gz", ["en", "id", "de"]),
        ("/encoded.jsonl", ["en", "id", "de"]),
        ("/list.php?page=2", ["a"]),
    ],
)
def test_lists_are_read_record_by_record(path: str, ids: list[str], server: str) -> None:
    articles = reads(server + path)
    assert [article.id for article in articles if isinstance(article, Article)] == ids
    assert {article.path for article in articles} == {server + path}


def test_an_archive_is_read_file_by_file(server: str) -> None:
    url = f"{server}/news.zip"
    assert [item.path for item in reads(url)] == [f"{url}/a.txt", *[f"{url}/b.jsonl"] * 3]


def test_addresses_in_any_script_are_asked_for(server: str) -> None:
    (article,) = reads(f"{server}/новость.txt")
    assert isinstance(article, Article)
    assert article.text == TEXT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone.html", "the server says: 404 Not Found"),
        ("/loop", "infinite loop"),
        ("/to-file", "file:///etc/hostname"),
        ("/to-ftp", "leads to ftp://localhost/a.txt, which is not followed"),
        ("/broken.html", "broken off after 14 bytes"),
        ("/brotli.html", 'sent packed as "br"'),
        ("/large.txt", "larger than 16,000 bytes; raise --max-bytes"),
        ("/picture", "unsupported file type"),
    ],
)
def test_what_a_server_does_wrong_costs_that_file(path: str, reason: str, server: str) -> None:
    skipped, article = reads(server + path, f"{server}/page.html", max_bytes=1000)
    assert isinstance(skipped, Skipped)
    assert isinstance(article, Article)
    assert skipped.path == server + path
    assert reason in skipped.reason


@pytest.mark.parametrize("path", ["/drip.txt", "/mute.txt"])
def test_a_server_that_never_comes_to_an_end_is_left(path: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_files, "LONGEST", 0.5)
    (skipped,) = reads(server + path)
    assert isinstance(skipped, Skipped)
    assert "download it first" in skipped.reason


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    (skipped,) = reads(f"http://127.0.0.1:{port}/a.html")
    assert isinstance(skipped, Skipped)
    assert skipped.reason.startswith("cannot be fetched: ")


def test_a_password_does_not_get_into_reports() -> None:
    (skipped,) = reads("http://me:secret@127.0.0.1:1/a.html")
    assert isinstance(skipped, Skipped)
    assert "a name and a password" in skipped.reason


def test_an_archive_takes_addresses_beside_files(server: str, tmp_path: Path) -> None:
    file, page = str(tmp_path / "a.db"), f"{server}/page.html"
    (tmp_path / "copy.txt").write_text(TEXT, encoding="utf-8")

    def archive(command: str, *paths: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["archive", command, file, *paths])
        assert done.exit_code == code, done.output
        return done.stdout

    assert archive("add", str(tmp_path / "copy.txt"), page).startswith("2 added")
    assert archive("add", page, f"{server}/articles.jsonl.gz").startswith("3 added, 0 changed, 1 unchanged")
    assert f"{page}: 3 articles in the archive" in archive("check", page, code=3)
    assert "1 article in the archive" in archive("check", f"{server}/articles.jsonl.gz#de", code=3)
    assert archive("remove", page) == "1 removed\n"


@pytest.mark.parametrize("to", [["s3://bucket/report.html"], ["https://x.org/tables", "-f", "parquet"]])
def test_a_report_goes_to_no_address_but_tables_to_a_store(to: list[str]) -> None:
    done = CliRunner().invoke(main, ["scan", "seeds", "-o", *to])
    assert (done.exit_code, f"-o {to[0]}" in done.stderr) == (2, True)


def test_an_unknown_scheme_is_an_error() -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(ReadError, match=r"cannot reach gopher://x/y"):
        reads("gopher://x/y")


def test_scan_takes_addresses_beside_files(server: str, tmp_path: Path) -> None:
    (tmp_path / "copy.txt").write_text(TEXT, encoding="utf-8")
    urls = [f"{server}/page.html", f"{server}/feed", f"{server}/gone.html", f"{server}/page.html"]
    done = CliRunner().invoke(main, ["scan", str(tmp_path), *urls, "-f", "json", "-j", "1"], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert [article["path"] for article in report["articles"]] == [f"{tmp_path}/copy.txt", *urls[:2]]
    assert [item["path"] for item in report["skipped"]] == [urls[2]]
    assert [len(cluster["members"]) for cluster in report["clusters"]] == [3]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """A bucket of a store that runs here, as the URI of a path in it."""
    pytest.importorskip("pyarrow")
    moto = pytest.importorskip("moto.server")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    serving = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    serving.start()
    host, port = serving.get_host_and_port()
    from pyarrow import fs

    store = fs.S3FileSystem(
        endpoint_override=f"{host}:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
    )
    store.create_dir("news")
    for name, content in {"a.md": f"# {TITLE}\n\n{TEXT}\n", "b/c.jsonl": LINES.decode(), ".d.txt": "hidden"}.items():
        with store.open_output_stream(f"news/{name}") as file:
            file.write(content.encode())
    yield lambda path: f"s3://{path}?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    serving.stop()


def test_a_store_is_read_without_a_cluster(bucket: Callable[[str], str]) -> None:
    articles = reads(bucket("news"))
    assert [item.path for item in articles] == ["s3://news/a.md", *["s3://news/b/c.jsonl"] * 3]
    assert [item.path for item in reads(bucket("news/a.md"), bucket("news"))] == [item.path for item in articles]
    assert len(reads(bucket("news"), glob="*.md")) == 1
    with pytest.raises(ReadError, match=r"^s3://news/none: no such file or folder"):
        reads(bucket("news/none"))

"""An archive over HTTP, asked by a real client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import dedup
from archive.collection import gold
from dedup.errors import SettingsError

httpx = pytest.importorskip("httpx", reason="needs httpx, which the test extra brings")
pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")

from dedup.archive.serve import ServiceSettings  # noqa: E402

ROOT = Path(dedup.__file__).parent.parent
TOKEN = "a token of many letters"


@contextmanager
def served(file: Path, *options: str, token: str = "") -> Iterator[Any]:
    """A client of a service that runs as users run it, and is ended as they end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dedup", "serve", "--archive", str(file), "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        wait_for(client, process)
        try:
            yield client
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=60)[1]
    assert (process.returncode, "Traceback" in said) == (0, False), said


def wait_for(client: Any, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            client.get("/health")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service does not answer")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with served(tmp_path_factory.mktemp("serve") / "a.db", "--max-body", "200k", "--concurrency", "2") as client:
        articles = [{"id": article.id, "title": article.title, "text": article.text} for article in gold()[:40]]
        answer = client.post("/articles", json={"articles": articles})
        assert answer.json() == {"added": 40, "changed": 0, "unchanged": 0, "run": 1}
        yield client


def test_an_article_is_checked_with_kind_score_and_evidence(client: Any) -> None:
    answer = client.post("/check", json={"id": "mine", "text": gold()[0].text, "title": gold()[0].title})
    checked = answer.json()
    assert (answer.status_code, checked["id"], checked["found"]) == (200, "mine", True)
    first = checked["findings"][0]
    assert (first["article"]["id"], first["kind"], first["score"]) == (gold()[0].id, "exact", 1.0)
    other = client.post("/check", json={"text": "A line about turnips in the rain, and nothing else at all."})
    assert other.json() == {"id": "", "found": False, "findings": []}


def test_stories_are_listed_by_pages_and_told_by_id(client: Any) -> None:
    whole = client.get("/stories").json()
    assert whole["total"] == len(whole["stories"]) > 2
    assert client.get("/stories", params={"offset": 1, "limit": 1}).json()["stories"] == whole["stories"][1:2]
    one = whole["stories"][0]
    assert client.get(f"/stories/{one['id']}").json() == one
    assert client.get("/stories", params={"since": "2999-01-01"}).json()["total"] == 0
    assert client.get("/stories/none").status_code == 404


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/check", {"json": {"text": ""}}, 422),
        ("/check", {"json": {"text": "x", "unknown": 1}}, 422),
        ("/check", {"content": b'{"text": "a \\ud800 b", "\\ud800": 1}'}, 422),
        ("/check", {"content": b"no json"}, 422),
        ("/check", {"content": b"x" * 300_000}, 413),
        ("/check", {"content": iter([b"x" * 100_000] * 4)}, 413),
        ("/check", {"json": {"text": "x"}, "headers": {"Host": "evil.example"}}, 400),
        ("/articles", {"json": {"articles": [{"text": "no id"}]}}, 422),
        ("/articles", {"json": {"articles": [{"id": "x", "text": "y"}] * 1001}}, 422),
        ("/nowhere", {"json": {}}, 404),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_answered_is_refused(client: Any, path: str, sent: dict[str, Any], status: int) -> None:
    headers = {"Content-Type": "application/json", **sent.pop("headers", {})}
    assert client.post(path, headers=headers, **sent).status_code == status
    assert client.get("/health").json()["articles"] == 40


def test_a_date_that_is_none_is_refused(client: Any) -> None:
    answer = client.get("/stories", params={"since": "soon"})
    assert (answer.status_code, "number of a run or a date" in answer.json()["detail"]) == (422, True)


def test_the_page_needs_no_network(client: Any) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "POST /check" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("https://json-schema.org", "")


def test_everything_but_this_machine_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can be reached by others: give a token"):
        ServiceSettings(host="0.0.0.0")
    with pytest.raises(SettingsError, match="at least 16 plain characters, got 5"):
        ServiceSettings(token="short")
    assert ServiceSettings(host="::1").is_local
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with served(tmp_path / "a.db", "--host", "0.0.0.0", "--token-file", str(tmp_path / "token"), token=TOKEN) as client:
        assert client.get("/health").status_code == 200
        for wrong in ({"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            assert client.get("/health", headers=wrong).status_code == 401
            assert client.post("/check", json={"text": "x"}, headers=wrong).status_code == 401


def test_many_ask_while_one_adds(tmp_path: Path) -> None:
    with served(tmp_path / "a.db") as client:
        rows = [{"id": article.id, "text": article.text} for article in gold()[:60]]
        client.post("/articles", json={"articles": rows[:10]})
        wrong, done = list[Any](), threading.Event()

        def ask() -> None:
            while not done.is_set():
                answer = client.post("/check", json={"text": rows[0]["text"]})
                if answer.status_code != 503 and answer.json()["findings"][0]["score"] != 1.0:
                    wrong.append(answer.text)

        askers = [threading.Thread(target=ask) for _ in range(8)]
        for asker in askers:
            asker.start()
        for start in range(10, 60, 10):
            assert client.post("/articles", json={"articles": rows[start : start + 10]}).json()["added"] == 10
        done.set()
        for asker in askers:
            asker.join()
        assert wrong == []


def test_a_request_that_has_begun_is_answered_before_the_end(tmp_path: Path) -> None:
    rows = [{"id": article.id, "text": article.text} for article in gold()]
    answers = list[Any]()
    with served(tmp_path / "a.db") as client:
        asker = threading.Thread(target=lambda: answers.append(client.post("/articles", json={"articles": rows})))
        asker.start()
        time.sleep(0.5)
    asker.join()
    assert answers[0].json()["added"] == len(rows)


def test_the_service_keeps_its_own_schema(client: Any, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis", reason="needs schemathesis, which the test extra brings")
    checks = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{client.base_url}/openapi.json", "-n", "5"]
    done = subprocess.run(
        [*command, "--checks", checks, "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert client.get("/health").status_code == 200


def test_null_stands_for_what_is_not_known(client: Any) -> None:
    fields = dict.fromkeys(("id", "title", "url", "published", "language"))
    answer = client.post("/check", json={"text": gold()[0].text, **fields})
    assert (answer.status_code, answer.json()["id"]) == (200, "")
    kept = {"articles": [{**fields, "id": "null", "text": gold()[0].text}]}
    assert client.post("/articles", json=kept).json()["added"] == 1


def test_a_port_that_is_taken_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "dedup", "serve", "--archive", str(tmp_path / "a.db"), "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; name another --port or --host" in done.stderr
    assert "serving" not in done.stderr

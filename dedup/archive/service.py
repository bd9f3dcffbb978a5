"""Application behind `serve`: an archive's methods as paths, in threads, within limits.

Texts are answered as data; errors have the shape ``{"detail": ...}`` throughout.
"""

from __future__ import annotations

import asyncio
import html
import json
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dedup.archive import rendering
from dedup.archive.archive import Archive
from dedup.archive.serve import ServiceSettings
from dedup.datatypes import Article
from dedup.errors import ArchiveBusyError, ArchiveError, SettingsError
from dedup.report.records import dumps
from dedup.version import __version__

_LONGEST_NAME = 4096
_MOST_ARTICLES = 1000
_MOST_STORIES = 1000
_PATIENCE = 10.0  # seconds that a request waits for its turn

_Name = Annotated[str, Field(max_length=_LONGEST_NAME)]
_Answer = TypeVar("_Answer")


class Incoming(BaseModel):
    """Article that is asked for."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, description="The main text.")
    id: _Name | None = Field("", description="Shown in the answer.")
    title: _Name | None = ""
    url: _Name | None = ""
    published: _Name | None = Field("", description="ISO 8601")
    language: _Name | None = Field("", description="As declared; it is detected in any case.")

    def article(self) -> Article:
        """The article as the library has it."""
        given = (self.id, self.title, self.url, self.published, self.language)
        id, title, url, published, language = (value or "" for value in given)
        return Article(id, self.text, title, "", url, published, language)


class Kept(Incoming):
    """Article that is to be kept."""

    id: str = Field(min_length=1, max_length=_LONGEST_NAME, description="An article with this id is replaced.")


class Articles(BaseModel):
    """Articles that are to be kept."""

    model_config = ConfigDict(extra="forbid")

    articles: list[Kept] = Field(max_length=_MOST_ARTICLES)


class Checked(BaseModel):
    """Answer to a check."""

    id: str
    found: bool
    findings: list[dict[str, Any]]


class Counts(BaseModel):
    """Answer to new articles."""

    added: int
    changed: int
    unchanged: int
    run: int


class StoryModel(BaseModel):
    """Story of two or more articles."""

    id: str
    members: list[str]
    representative: str
    title: str
    languages: list[str]
    kind: str
    score: float
    born: int
    grew: int


class Stories(BaseModel):
    """Page of stories."""

    total: int
    stories: list[StoryModel]


class Health(BaseModel):
    """State of the service."""

    status: str
    dedup: str
    articles: int


class Fault(BaseModel):
    """Reason why a request was not answered."""

    detail: str | list[dict[str, Any]]


def make_service(archive: Archive, settings: ServiceSettings) -> FastAPI:
    """Make the ASGI application of an archive."""
    faults: dict[int | str, dict[str, Any]] = {
        code: {"model": Fault, "description": description}
        for code, description in (
            (400, "The body is no JSON, or the host is not this one"),
            (401, "The token is missing or wrong"),
            (413, "The body is too large"),
            (422, "A value is missing or out of range"),
            (500, "The archive cannot be used"),
            (503, "Busy: come again"),
        )
    }
    app = FastAPI(
        title="dedup",
        version=__version__,
        summary="Have we seen this article before?",
        responses=faults,
        docs_url=None,
        redoc_url=None,
    )
    turns = asyncio.Semaphore(settings.concurrency)

    async def run(work: Callable[[], _Answer]) -> _Answer:
        """Do work in a thread once it is its turn; archives are read and written by functions that wait."""
        try:
            await asyncio.wait_for(turns.acquire(), _PATIENCE)
        except asyncio.TimeoutError:
            raise HTTPException(503, "busy: too many requests at a time", {"Retry-After": "1"}) from None
        try:
            return await asyncio.to_thread(work)
        finally:
            turns.release()

    @app.post("/check", response_model=Checked)
    async def check(incoming: Incoming) -> Response:
        """Tell whether an article is in the archive, in any language, with kind, score and evidence."""
        article = incoming.article()
        findings = await run(partial(archive.check, article))
        return Response(dumps(rendering.checked_record(article, findings)), media_type="application/json")

    @app.post("/articles")
    async def add(incoming: Articles) -> Counts:
        """Add articles; those that are there as they are count as unchanged."""
        articles = [kept.article() for kept in incoming.articles]
        added = await run(partial(archive.add, articles))
        return Counts(added=added.added, changed=added.changed, unchanged=added.unchanged, run=added.run)

    @app.get("/stories")
    async def stories(
        since: Annotated[str | None, Query(description="Date (ISO 8601) or number of a run")] = None,
        offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST_STORIES)] = 100,
    ) -> Stories:
        """List stories that were told more than once, in the order they came to be."""
        found = await run(lambda: archive.stories(since=since))
        page = [StoryModel(**rendering.story_record(story)) for story in found[offset : offset + limit]]
        return Stories(total=len(found), stories=page)

    @app.get("/stories/{id}", responses={404: {"model": Fault, "description": "No such story"}})
    async def story(id: str) -> StoryModel:
        """Tell a story by its id, or the one that it has become part of."""
        found = await run(lambda: archive.story(id))
        if found is None:
            raise HTTPException(404, "no such story")
        return StoryModel(**rendering.story_record(found))

    @app.get("/health")
    async def health() -> Health:
        """Tell that the archive can be read."""
        return Health(status="ok", dedup=__version__, articles=await run(lambda: len(archive)))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Show what can be asked, on a page that needs no network."""
        return HTMLResponse(_page(app.openapi()), headers={"Content-Security-Policy": "default-src 'none'"})

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> Response:
        """Tell what is wrong with a request, without saying it back."""
        told = error.errors() if isinstance(error, RequestValidationError) else []
        detail = [{"type": one["type"], "loc": list(one["loc"]), "msg": one["msg"]} for one in told]
        return Response(dumps({"detail": detail}), 422, media_type="application/json")

    @app.exception_handler(ArchiveBusyError)
    async def busy(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "1"})

    @app.exception_handler(ArchiveError)
    async def unusable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 500)

    @app.exception_handler(SettingsError)
    async def out_of_range(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    app.add_middleware(_Guard, token=settings.token, max_bytes=settings.max_bytes)
    if settings.is_local:  # a page in a browser must not reach it under a name of its own
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", settings.host])
    return app


def _page(described: dict[str, Any]) -> str:
    """Page of all paths, and the description of each whole."""
    parts = ["<!DOCTYPE html><html lang=en><meta charset=utf-8><title>dedup</title><h1>dedup</h1>"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            head, text = f"{method.upper()} {path}", operation.get("description", "")
            parts.append(f"<h2><code>{html.escape(head)}</code></h2><p>{html.escape(text)}</p>")
    whole = html.escape(json.dumps(described, indent=1))
    return "".join([*parts, f"<h2><code>/openapi.json</code></h2><pre>{whole}</pre></html>"])


class _Guard:
    """Middleware that asks for the token, and reads no more of a body than may be."""

    def __init__(self, app: ASGIApp, token: str, max_bytes: int) -> None:
        self._app, self._token, self._max_bytes = app, f"Bearer {token}".encode() if token else b"", max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if self._token and not secrets.compare_digest(headers.get(b"authorization", b""), self._token):
            await _refuse(401, "the token is missing or wrong", {"WWW-Authenticate": "Bearer"})(scope, receive, send)
            return
        length = headers.get(b"content-length", b"0")
        body = await self._body(receive) if length.isdigit() and int(length) <= self._max_bytes else None
        if body is None:
            await _refuse(413, f"the body is larger than {self._max_bytes} bytes", {})(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        """All bytes of a request; none if they are too many."""
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_bytes:
                return None
            more = message.get("more_body", False)
        return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A source of one body, and afterwards of whatever else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _refuse(status: int, detail: str, headers: dict[str, str]) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    return JSONResponse({"detail": detail}, status, headers)

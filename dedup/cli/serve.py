"""The command `serve`: an archive over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from dedup.cli import options
from dedup.cli.help import SectionedCommand
from dedup.cli.output import log_to_stderr
from dedup.cli.sizes import Whole, parse_size
from dedup.errors import ReadError
from dedup.language.text import printable


@click.command(cls=SectionedCommand)
@click.option(
    "--archive", "file", required=True, type=options.FILE, metavar="FILE.db",
    help="Archive to serve; it is made if there is none.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; any but this machine's needs a token.")
@click.option("--port", type=Whole(1, 65535), default=8765, show_default=True, help="Port.")
@click.option(
    "--token-file", type=options.FILE, metavar="FILE",
    help="File with the token that requests have to carry (Authorization: Bearer TOKEN).",
)  # fmt: skip
@click.option(
    "--max-body", callback=parse_size, default="8M", show_default=True, metavar="SIZE", help="Largest request.",
)  # fmt: skip
@click.option(
    "--concurrency", type=Whole(1), default=8, show_default=True, metavar="N",
    help="Requests that are worked on at the same time.",
)  # fmt: skip
@options.verbose_option
def serve(
    file: Path, host: str, port: int, token_file: Path | None, max_body: int, concurrency: int, verbose: int
) -> None:
    """Serve an archive over HTTP.

    POST /check, POST /articles, GET /stories, GET /stories/ID, GET /health; /openapi.json describes them all. Ends on
    Ctrl-C or SIGTERM, once the requests that have begun are answered. Needs the extra dedup-articles[serve].

    \b
    dedup serve --archive news.db
    curl -d '{"text": "..."}' -H 'Content-Type: application/json' http://127.0.0.1:8765/check
    """
    log_to_stderr(verbose)
    from dedup.archive.archive import Archive
    from dedup.archive.serve import ServiceSettings, require_extra, require_port
    from dedup.archive.serve import serve as served

    require_extra()
    settings = ServiceSettings(host, port, _token(token_file), max_body, concurrency)
    require_port(settings)
    with Archive.open(file) as archive:
        click.echo(f"serving {printable(str(file))} on http://{host}:{port}; Ctrl-C ends it", err=True)
        try:
            served(archive, settings)
        except KeyboardInterrupt:  # uvicorn has answered what had begun, and passes the signal on
            click.echo("ended", err=True)


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ReadError(f"cannot read the token in {printable(str(file))}: {printable(str(error))}") from error

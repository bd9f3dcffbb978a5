"""Service over HTTP: an address and a token, within limits, until it is told to stop."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass

from dedup.archive.archive import Archive
from dedup.errors import MissingExtraError, SettingsError

_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Address, token and limits of a service.

    Parameters
    ----------
    host, port
        Address; anything but this machine's own needs a token.
    token : str
        Token that requests have to carry as ``Authorization: Bearer TOKEN``; empty for none.
    max_bytes : int
        Most bytes of the body of a request.
    concurrency : int
        Requests that are worked on at a time; others are told to come again.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str = ""
    max_bytes: int = 8 << 20
    concurrency: int = 8

    def __post_init__(self) -> None:
        if not self.is_local and not self.token:
            raise SettingsError(
                f"{self.host} can be reached by others: give a token (--token-file FILE), or use 127.0.0.1; "
                f"one could be {secrets.token_urlsafe(24)}"
            )
        plain = self.token.isascii() and self.token.isprintable()
        if self.token and (len(self.token) < _SHORTEST_TOKEN or not plain):
            raise SettingsError(f"a token has at least {_SHORTEST_TOKEN} plain characters, got {len(self.token)}")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def require_extra() -> None:
    """Check that the packages of the extra ``serve`` are installed.

    Raises
    ------
    MissingExtraError
        If FastAPI or uvicorn is not installed.
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(error.name or "fastapi", "serve") from error


def require_port(settings: ServiceSettings) -> None:
    """Check that nobody else listens on the port.

    Raises
    ------
    SettingsError
        If somebody does, or the address is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; name another --port or --host"
        ) from error


def serve(archive: Archive, settings: ServiceSettings) -> None:
    """Serve an archive until the process is told to stop; requests that have begun are answered first.

    Raises
    ------
    MissingExtraError
        If FastAPI or uvicorn is not installed (extra ``serve``).
    """
    require_extra()
    import uvicorn

    from dedup.archive.service import make_service

    config = uvicorn.Config(
        make_service(archive, settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        limit_concurrency=16 * settings.concurrency,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=30,
    )
    uvicorn.Server(config).run()

"""Check of a model's name before torch is loaded, without waiting for a network.

The libraries that load a model take ten seconds to be imported, and try six times to reach a server that is down.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from dedup.errors import ModelError
from dedup.language.json_text import kind_of, parse_json
from dedup.language.text import printable

_MARKS_OF_A_MODEL: dict[str, type] = {
    "modules.json": list,
    "config.json": dict,
    "config_sentence_transformers.json": dict,
}

_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?", re.ASCII)

_OWNER = "sentence-transformers"  # of names without one

_WAIT = 1.0  # seconds for the server to answer

_TRUE = ("1", "on", "yes", "true")

_NEXT_STEP = (
    "give a directory with a sentence-transformers model, a hub name that this machine can reach or has cached, "
    'or "bundled"'
)


def check_model(name: str) -> bool:
    """Refuse a name that cannot be loaded here: a folder without a model, or a hub name that is out of reach.

    Returns
    -------
    bool
        Whether to load the copy in this machine's cache without asking the hub, which is offline or does not answer
        within a second.

    Raises
    ------
    ModelError
        With what is missing.
    """
    path, shown = Path(name), printable(name)
    if path.is_dir():
        if fault := _fault_of_folder(path):
            raise ModelError(f"cannot load the model {shown!r}: {fault}; {_NEXT_STEP}")
        return False
    if path.exists():
        raise ModelError(f"cannot load the model {shown!r}: it is a file; {_NEXT_STEP}")
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise ModelError(f"cannot load the model {shown!r}: there is no such folder; {_NEXT_STEP}")
    cached = _is_cached(name)
    if _is_set("HF_HUB_OFFLINE") or _is_set("TRANSFORMERS_OFFLINE"):
        if not cached:
            raise ModelError(
                f"cannot load the model {shown!r}: not in the cache, and HF_HUB_OFFLINE is set; {_NEXT_STEP}"
            )
        return True
    host, port = _server()
    if _answers(host, port):
        return False
    if not cached:
        raise ModelError(f"cannot load the model {shown!r}: not in the cache, and {host} does not answer; {_NEXT_STEP}")
    return True


def _fault_of_folder(folder: Path) -> str:
    """Reason why a folder holds no model, empty if it looks like one."""
    marks = [folder / mark for mark in _MARKS_OF_A_MODEL if (folder / mark).is_file()]
    if not marks:
        return f"the folder holds none of {', '.join(_MARKS_OF_A_MODEL)}"
    for mark in marks:
        try:
            value = parse_json(mark.read_bytes())
        except (OSError, ValueError) as error:
            return f"its {mark.name} cannot be read: {printable(str(error))}"
        if not isinstance(value, _MARKS_OF_A_MODEL[mark.name]):
            return f"its {mark.name} holds {kind_of(value)}"
    return ""


def _is_cached(name: str) -> bool:
    """Whether the hub's cache on this machine holds a snapshot of the model."""
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    places = [os.environ.get(variable) for variable in ("HF_HUB_CACHE", "SENTENCE_TRANSFORMERS_HOME")]
    owned = (name,) if "/" in name else (name, f"{_OWNER}/{name}")
    return any(
        any((Path(place) / f"models--{one.replace('/', '--')}" / "snapshots").glob("*/*"))
        for place in (*filter(None, places), os.path.join(home, "hub"))
        for one in owned
    )


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in _TRUE


def _server() -> tuple[str, int]:
    """Host and port of the hub, or of the proxy on the way there."""
    from urllib.request import getproxies, proxy_bypass

    hub = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    host = hub.hostname or "huggingface.co"
    proxy = None if proxy_bypass(host) else getproxies().get(hub.scheme) or getproxies().get("all")
    if proxy:
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if through.hostname:
            return through.hostname, through.port or 80
    return host, hub.port or (80 if hub.scheme == "http" else 443)


def _answers(host: str, port: int) -> bool:
    """Whether a connection can be made in time; in a thread, since looking up a name has no time limit of its own."""
    answered: list[bool] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=_WAIT).close()
        except OSError:
            return
        answered.append(True)

    attempt = Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(_WAIT)
    return bool(answered)

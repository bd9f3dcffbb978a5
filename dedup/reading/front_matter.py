"""Front matter of Markdown: YAML, TOML or JSON in front of the text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

_FENCED = re.compile(r"\A\s*(?:(---)|\+\+\+)[ \t]*\n(.*?)^(?(1)(?:---|\.\.\.)|\+\+\+)[ \t]*(?:\n|\Z)", re.DOTALL | re.M)

_ENTRY = re.compile(r"^(\w[\w-]{0,40})[ \t]*[:=][ \t]*(\S[^\n]*)$", re.MULTILINE)

_YES, _NO = ("true", "yes"), ("false", "no")

_LONGEST_KEY, _MOST_SPACES = 60, 3  # of the name of an entry; what has more is a sentence

# Raised by the parsers on what is no front matter; UnicodeDecodeError and JSONDecodeError are ValueErrors.
_FAULTS = (ValueError, RecursionError, OverflowError, TypeError, AttributeError)


def split_front_matter(markdown: str) -> tuple[Mapping[str, object], str]:
    """Entries of the front matter, empty where there is none, and the text behind it.

    Blank lines may precede it. YAML that no parser accepts, such as an unquoted title with a colon, is read line by
    line.
    """
    start = markdown.lstrip()[:3]
    if start.startswith("{"):
        return _split_json(markdown)
    found = _FENCED.match(markdown) if start in ("---", "+++") else None
    if not found:
        return {}, markdown
    entries = _entries(_read_yaml if found[1] else _read_toml, found[2])
    return (entries, markdown[found.end() :]) if entries is not None else ({}, markdown)


def is_draft(entries: Mapping[str, object]) -> bool:
    """Whether front matter says that the text is not published, as Hugo (``draft``) and Jekyll (``published``) do."""
    plain = {key.casefold(): str(value).casefold() for key, value in entries.items()}
    return plain.get("published") in _NO or plain.get("draft") in _YES or plain.get("status") in ("draft", "pending")


def without_flags(entries: Mapping[str, object]) -> Mapping[str, object]:
    """Entries of which ``published`` is a date, if there at all, and not whether the text is published."""
    flags = _YES + _NO
    return {key: value for key, value in entries.items() if key != "published" or str(value).casefold() not in flags}


def _entries(parse: Callable[[str], object], block: str) -> Mapping[str, object] | None:
    """Entries of a block between fences; None where it is text between two rules."""
    if not block.strip():
        return {}
    try:
        value = parse(block)
    except _FAULTS:
        value = {key: text.strip("\"' \t") for key, text in _ENTRY.findall(block)}
    if not isinstance(value, dict) or not value or not all(_is_key(key) for key in value):
        return None
    return value


def _is_key(key: object) -> bool:
    return isinstance(key, str) and len(key) <= _LONGEST_KEY and key.count(" ") <= _MOST_SPACES


def _read_yaml(block: str) -> object:
    """Every scalar stays text as it was written: ``no`` is a language, 1984 is a title."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(block, loader)
    except yaml.YAMLError as fault:
        raise ValueError(str(fault)) from fault


def _read_toml(block: str) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(block)


def _split_json(markdown: str) -> tuple[Mapping[str, object], str]:
    """Entries and text where a JSON object stands in front; Hugo writes it without fences."""
    begin = len(markdown) - len(markdown.lstrip())
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(markdown, begin)
    except (ValueError, RecursionError):
        return {}, markdown
    if not isinstance(value, dict) or markdown[end : end + 1] not in ("", "\n", "\r"):
        return {}, markdown
    return value, markdown[end:]

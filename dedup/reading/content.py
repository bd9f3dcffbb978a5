"""Kinds of files without a suffix, recognised by how they begin."""

from __future__ import annotations

import re

_HEAD = 4096

_MAIL_HEADER = re.compile(rb"(?:[A-Z][A-Za-z-]{1,40}: [^\n]*\n(?:[ \t][^\n]*\n)*){3,}")

_KINDS = (
    (re.compile(rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL), ".html"),
    (re.compile(rb"\s*<(?:\?xml|rss|feed|rdf:RDF|nitf|newsItem|newsMessage)\b"), ".xml"),
    (re.compile(rb'\s*\{\s*"|\s*\[\s*\{'), ".jsonl"),
    (re.compile(rb"From \S+ .*\d\d:\d\d"), ".mbox"),
    (re.compile(rb"\s*(?:---|\+\+\+)[ \t]*\r?\n|#{1,6} \S|\S[^\n]*\r?\n[=-]{3,}[ \t]*\r?\n"), ".md"),
    (re.compile(rb"PK\x03\x04"), ".zip"),
    (re.compile(rb"%PDF-"), ".pdf"),
    (re.compile(rb"\{\\rtf"), ".rtf"),
    (re.compile(rb"PAR1"), ".parquet"),
)


def suffix_of(head: bytes) -> str:
    """The suffix that a file which begins like this would have; ``.txt`` where nothing else is recognised."""
    head = head[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if _MAIL_HEADER.match(head.replace(b"\r\n", b"\n")) and re.search(rb"^(?:from|subject):", head, re.I | re.M):
        return ".eml"
    return next((suffix for pattern, suffix in _KINDS if pattern.match(head)), ".txt")

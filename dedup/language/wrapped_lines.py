"""Removal of lines that are not the writer's: time codes of transcripts, line breaks and hyphens of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

_CUE = re.compile(r"\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->")
_CUE_TAG = re.compile(
    r"</?(?:c|i|b|u|ruby|rt|lang|font)\b[^<>]{0,60}>|<(?:\d\d:)?\d\d:\d\d[.,]\d{3}>|</v>", re.IGNORECASE
)
_CUE_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,60})>")
_HEADER = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_FULL_TIME = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,3})?"
_TIME = re.compile(
    rf"\s*(?:\[\s*(?:{_FULL_TIME}|\d{{1,3}}:\d{{2}}(?:[.,]\d{{1,3}})?)\s*\]"
    rf"|\(\s*{_FULL_TIME}\s*\)|{_FULL_TIME})(?:\s*[-–]\s+|\s*:\s+|\s+|\Z)"
)
_LONE_TIME = re.compile(r"\s*\d{1,3}:\d{2}(?::\d{2})?\s*\Z")
_SPEAKER = re.compile(
    r"\s*\[?(?:speaker|spk|sprecher|pembicara|locuteur|hablante|спикер)[ _]?(?:\d{1,3}|[A-Z])\]?\s*:\s*", re.IGNORECASE
)
_STARTS = frozenset("[(0123456789sSpPlLhHсС \t")
_STOPS = ".!?…。！？।॥؟۔።፡၊။។៕།։"
_ENDS = re.compile(rf"(?:[{_STOPS}][\"'”’»)\]」』）]*|[:;)])\s*\Z")
_LABELLED = re.compile(r"\s*[^\W\d_][^\s:.!?]*(?: [^\s:.!?]+){0,2}:\s")

_WIDTHS = range(20, 131)
_FEWEST_LINES = 3
_FULL = 0.93  # of the width that a line with the next word would fill
_FULL_SHARE = 0.75  # of the lines of a block that are full
_GOING_ON = {True: 0.4, False: 0.7}  # of the lines that go on in the next: small letters begin it, or no stop is there
_LONG_LINES_SHARE = 0.1
_LONG_ENOUGH = 60  # characters of a line that may go on in a single other one
_TABLE = re.compile(r"\t|\||\S {3,}\S")
_BULLET = re.compile(r"\s*(?:[-*•·▪◦‣+]|\(?\d{1,3}[.)]|\(?[a-z]\))\s")
_HYPHENATED = re.compile(r"([^\W\d_]+)-[ ]?\n[ ]*([^\W\d_]+)")
_SUSPENDED = frozenset(
    ["und", "oder", "bzw", "sowie", "and", "or", "to", "och", "eller", "og", "en", "of", "y", "et", "ou"]
)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef\u3000-\u303f]")
_THAI_LINE = 70
_FEWEST_THAI_LINES = 5
_THAI = re.compile("[\u0e01-\u0e4e]")


def join_lines(text: str) -> str:
    """Text with the lines that its writer meant: no time codes, and no line breaks inside sentences."""
    lines = text.split("\n")
    if "-->" in text and sum(map(bool, map(_CUE.match, lines))) > 1:
        lines = list(_spoken(_cue_texts(lines)))
        text = "\n".join(lines)
    elif text.count(":") > 1 and not _STARTS.isdisjoint([line[:1] for line in lines]):
        lines = _without_times(lines)
        text = "\n".join(lines)
    return _unwrapped(text, lines) if len(lines) > 1 else text


def _cue_texts(lines: list[str]) -> Iterator[str]:
    """Yield the speech of subtitles (SRT, WebVTT), line by line; empty where a cue that ended a sentence ends."""
    inside, before = False, ""
    for line in lines:
        if _CUE.match(line):
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            spoken = _CUE_VOICE.sub(r"\1: ", _CUE_TAG.sub("", line)).removeprefix(">>").strip()
            spoken = _SPEAKER.sub("", spoken, count=1)
            if spoken and spoken != before:  # captions that roll say each line twice
                yield spoken
            before = spoken
        elif not (line.strip().isdigit() or _HEADER.match(line)):
            yield line


def _without_times(lines: list[str]) -> list[str]:
    """Lines without the time codes and numbered speakers at their beginning, if several have them."""
    parted = _with_colon(lines)
    if len(parted) < 2:
        return lines
    stamped = sum(map(bool, map(_TIME.match, parted)))
    lone = sum(map(bool, map(_LONE_TIME.match, parted)))
    filled = sum(map(bool, map(str.strip, lines))) if stamped > 1 or lone > 2 else 0
    kept = lines
    if lone > 2 and 3 * lone >= filled:
        kept = [line for line in kept if not _LONE_TIME.match(line)]
    if stamped > 1 and 2 * stamped >= filled:
        kept = [_TIME.sub("", line, count=1) for line in kept]
    timed = kept is not lines
    if sum(map(bool, map(_SPEAKER.match, _with_colon(kept)))) > 1:
        kept = [_SPEAKER.sub("", line, count=1) for line in kept]
    return list(_spoken(kept)) if timed else kept


def _with_colon(lines: list[str]) -> list[str]:
    """Lines that may have a time or a speaker: both patterns hold a colon."""
    return [line for line in lines if ":" in line]


def _spoken(lines: list[str] | Iterator[str]) -> Iterator[str]:
    """Lines of a transcript, each joined to the one before as long as no sentence ends and no other person speaks."""
    said = ""
    for line in map(str.strip, lines):
        if said and (_ENDS.search(said) or _LABELLED.match(line)):
            yield said
            said = line
        elif line:
            said = f"{said}{_between(said, line)}{line}" if said else line
    if said:
        yield said


def _unwrapped(text: str, lines: list[str]) -> str:
    """Lines joined where they were broken to fit a column; headings, list items, verses and tables stay apart."""
    widths = sorted(map(len, lines))
    if widths[-1 - int(_LONG_LINES_SHARE * len(lines))] <= _WIDTHS[-1]:
        blocks = [_Block(list(run)) for filled, run in groupby(lines, _is_filled) if filled]
        width = max((block.width for block in blocks if block.is_wrapped), default=0)
        if width or any(block.is_thai_phrases or block.goes_on for block in blocks):
            text = "\n".join(block.joined(width) for block in blocks)
    return _dehyphenated(text) if "-\n" in text or "- \n" in text else text


def _is_filled(line: str) -> bool:
    return bool(line) and not line.isspace()


@dataclass(frozen=True)
class _Block:
    """Lines between empty lines."""

    lines: list[str]

    @cached_property
    def width(self) -> int:
        """Characters of the longest line of more than one word."""
        longest = max(self.lines, key=len)
        if " " in longest.strip() and not longest[-1].isspace():
            return len(longest)
        return max((len(line.rstrip()) for line in self.lines if " " in line.strip() or _WIDE.search(line)), default=0)

    @cached_property
    def is_wrapped(self) -> bool:
        """Whether most of its lines are as full as the next word lets them be, and go on in the next line."""
        if len(self.lines) < _FEWEST_LINES or self.width not in _WIDTHS:
            return False
        breaks = len(self.lines) - 1
        share = _FULL_SHARE if breaks > _FEWEST_LINES else 1
        if sum(self._is_full(at, self.width) for at in range(breaks)) < share * breaks:  # most are ruled out here
            return False
        if any(map(_TABLE.search, self.lines)):
            return False
        if any(sum(map(bool, map(start.match, self.lines))) > 1 for start in (_BULLET, _LABELLED)):
            return False
        cased = any(map(str.islower, "".join(self.lines)))
        return sum(self._goes_on(at, cased) for at in range(breaks)) >= _GOING_ON[cased] * breaks

    @cached_property
    def is_thai_phrases(self) -> bool:
        """Whether it is Thai with a line for each phrase, where usually a space is."""
        if len(self.lines) < _FEWEST_THAI_LINES or not all(map(_THAI.search, self.lines)):
            return False
        short = sum(len(line) <= _THAI_LINE for line in self.lines)
        return 10 * short >= 9 * len(self.lines) and not any(map(_BULLET.match, self.lines))

    @cached_property
    def goes_on(self) -> bool:
        """Whether it is two lines, of which a small letter begins the second and no stop ends the first."""
        if len(self.lines) != 2 or not _LONG_ENOUGH <= len(self.lines[0]) <= _WIDTHS[-1]:
            return False
        return self._goes_on(0, cased=True) and self.lines[0].rstrip()[-1:].isalnum()

    def joined(self, width: int) -> str:
        """The lines, those joined that belong together in a text of that width."""
        if self.is_thai_phrases:
            return " ".join(map(str.strip, self.lines))
        if self.goes_on:
            width = len(self.lines[0])
        elif not (self.is_wrapped or (len(self.lines) == 2 and width and not any(map(_BULLET.match, self.lines)))):
            return "\n".join(self.lines)
        width = self.width if self.is_wrapped else width
        text = self.lines[0]
        for at, line in enumerate(self.lines[1:]):
            together = (self._is_full(at, width) and not self._is_indented(at)) or self._goes_on(at, cased=True)
            if _HYPHENATED.fullmatch(f"{text[-40:].split()[-1] if text.split() else ''}\n{line.split()[0]}"):
                text += f"\n{line}"  # `_dehyphenated` joins it
            else:
                text = f"{text.rstrip()}{_between(text, line)}{line.lstrip()}" if together else f"{text}\n{line}"
        return text

    def _is_full(self, at: int, width: int) -> bool:
        """Whether the first word of the next line would not have fitted this one."""
        line, following = self.lines[at].rstrip(), self.lines[at + 1].lstrip()
        word = 2 if _WIDE.match(following) else len(following.split(" ", 1)[0]) + 1
        return len(line) + word >= (_FULL * width if word > 2 else width - 1)

    def _is_indented(self, at: int) -> bool:
        """Whether a paragraph begins in the next line."""
        return self.lines[at + 1].startswith("  ") and not self.lines[at].startswith(" ")

    def _goes_on(self, at: int, cased: bool) -> bool:
        if cased and not self.lines[at + 1].lstrip("\"'“‘«( ")[:1].islower():
            return False
        return not _ENDS.search(self.lines[at])


def _between(before: str, after: str) -> str:
    """Separator of two lines once they are one: nothing in a script without spaces."""
    return "" if _WIDE.match(before.rstrip()[-1:]) and _WIDE.match(after.lstrip()[:1]) else " "


def _dehyphenated(text: str) -> str:
    """A text whose words are whole; a hyphen that belongs to its word elsewhere in the text stays."""

    def whole(broken: re.Match[str]) -> str:
        head, tail = broken.groups()
        if not tail[0].islower():
            return f"{head}-{tail}" if tail[0].isupper() and head[0].isupper() else broken.group()
        if tail in _SUSPENDED:
            return f"{head}- {tail}"
        return f"{head}-{tail}" if f"{head}-{tail}" in text else head + tail

    return _HYPHENATED.sub(whole, text)

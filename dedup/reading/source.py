"""An opened file, and the options that shape what is read from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from dedup.errors import ReadError, SettingsError
from dedup.language.text import printable
from dedup.reading.encoding import Lines, Stream, declared_encoding, decode, read_all
from dedup.reading.field_names import NamedFields
from dedup.reading.raw import Recorder
from dedup.runtime.name_patterns import NamePatterns

_Item = TypeVar("_Item")

_LONGEST_REASON = 300

_FIELDS = ("text_field", "id_field", "title_field", "date_field", "language_field")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Choice of files, fields and sizes for reading.

    Parameters
    ----------
    text_field, id_field, title_field, date_field, language_field : str or tuple of str
        Further names of the field (of JSON) or column (of CSV, Parquet) that holds the part of an article; looked for
        before the common ones, such as ``text``, ``body`` and ``content``, which stay. The first that is not empty
        counts; the case of letters, ``_`` and ``-`` do not matter, and dots lead into objects: ``content.rendered``.
    glob, exclude : str or tuple of str
        Shell patterns such as ``*.html`` or ``news/*.txt``, compared from the right: a file met inside a folder has to
        match one of the first, if there are any, and files and folders that match one of the second are left out.
        Paths given one by one are read in any case.
    max_bytes : int
        Most bytes held in memory at once, unpacked, at least 1: of one document, page, feed or JSON file, and of one
        line of JSONL, CSV and TSV, which may themselves be of any length.
    max_ratio : int
        Most times its own size that an archive or a packed file may unpack to, at least 1; `max_bytes` it always may.
    max_barren : int
        Most records or blank lines on end that hold no article, at least 1: the rest of a file behind as many is not
        read.
    named : NamedFields, optional
        Told of the fields that records have.
    recorder : Recorder, optional
        Told of the record behind each item, as it stands in its file; lines too long to be read are held whole then.

    Raises
    ------
    SettingsError
        If a number is less than 1, or a field name or a pattern is empty.
    """

    text_field: str | tuple[str, ...] = ()
    id_field: str | tuple[str, ...] = ()
    glob: str | tuple[str, ...] | None = ()
    max_bytes: int = 64 << 20
    title_field: str | tuple[str, ...] = ()
    date_field: str | tuple[str, ...] = ()
    language_field: str | tuple[str, ...] = ()
    exclude: str | tuple[str, ...] | None = ()
    recorder: Recorder | None = field(default=None, repr=False, compare=False)
    named: NamedFields | None = field(default=None, repr=False, compare=False)
    max_ratio: int = 200
    max_barren: int = 100_000
    dotted: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)  # fields that lie within others

    def __post_init__(self) -> None:
        for name, usual in (("max_bytes", "64 MiB"), ("max_ratio", "200"), ("max_barren", "100,000")):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}; leave it out for {usual}")
        for name in (*_FIELDS, "glob", "exclude"):
            given = getattr(self, name)
            names = (given,) if isinstance(given, str) else tuple(given or ())
            if "" in names:
                raise SettingsError(f"{name} must not be empty; leave it out for the default")
            object.__setattr__(self, name, names)
        dotted = (name for part in _FIELDS for name in getattr(self, part) if "." in name)
        object.__setattr__(self, "dotted", tuple(dotted))

    @property
    def names(self) -> NamePatterns:
        """Patterns of the names of files."""
        return NamePatterns(tuple(self.glob or ()), tuple(self.exclude or ()))

    @property
    def outermost(self) -> tuple[str, ...]:
        """The fields in which those lie that are named by dots."""
        return tuple(name.partition(".")[0] for name in self.dotted)


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file.

    path : as reports show it
    stream : its bytes, unpacked where it is `packed`
    charset : encoding that its server names; empty where none does
    """

    path: str
    stream: Stream
    options: ReadOptions
    packed: bool = False
    charset: str = ""

    def data(self) -> bytes:
        """All its bytes; raises `ReadError` where they are none or too many."""
        data = read_all(self.stream, self.options.max_bytes)
        if not data:
            raise ReadError("empty file")
        return data

    def text(self) -> str:
        """All its bytes as text; raises `ReadError` also where they are none."""
        return decode(self.data(), self.charset)

    def markup(self) -> str:
        """All its bytes as text, which may name its encoding itself; what a server says of it goes before."""
        data = self.data()
        return decode(data, self.charset, declared_encoding(data))

    def lines(self) -> Lines:
        """Its lines, decoded one at a time."""
        options = self.options
        return Lines(
            self.stream,
            options.max_bytes,
            max_blank=options.max_barren,
            whole=options.recorder is not None,
            charset=self.charset,
        )


def or_fault(items: Iterator[_Item]) -> Iterator[_Item | ReadError]:
    """The items, and in place of one that fails the reason, for an iterator that can go on behind it."""
    while True:
        try:
            yield next(items)
        except StopIteration:
            return
        except ReadError as fault:
            yield fault


def one_line(fault: BaseException) -> str:
    """The message of an exception as part of a reason: one line that can be printed, not too long."""
    return printable(" ".join(str(fault).split()))[:_LONGEST_REASON] or type(fault).__name__

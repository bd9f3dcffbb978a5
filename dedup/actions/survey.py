"""A look at the input before the work: whether the output that was asked for can be written at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dedup.actions.keep import refuse_clash
from dedup.errors import MissingExtraError, WriteError
from dedup.language.text import printable
from dedup.reading.files import STDIN, file_format, show_path
from dedup.reading.raw import Recorder
from dedup.reading.read import File, find_files
from dedup.reading.source import ReadOptions
from dedup.runtime.remote_files import is_uri

FORM_OF_SUFFIX = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    "": "folder",
}
"""Form of an output by its suffix, behind which ``.gz`` may stand but for Parquet and folders."""

_TAKEN = {"csv": (".csv", ".tsv"), "parquet": (".parquet", ".arrow")}
"""Suffixes of the files that an output takes; JSON Lines and folders take all."""

OF_RECORDS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}
"""Form of files in a folder that are written record by record; others go or stay as they are."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Look at the input before the work: whether one file is written on in its own form, and places in a folder."""

    as_they_are: bool
    places: Mapping[str, str]


def survey(
    paths: Sequence[str],
    options: ReadOptions,
    form: str,
    suffix: str,
    prefix: str | None,
    against: Sequence[str] = (),
) -> Survey:
    """Look at the input, and refuse what cannot be written, as far as the first record of each file tells.

    Parameters
    ----------
    form, suffix : str
        Form of the output, as in `FORM_OF_SUFFIX`, and the suffix of its name without ``.gz``.
    prefix : str or None
        Text before the names of added fields; None where records are not annotated.
    against : sequence of str
        Paths of a reference, which is read once and not written.

    Raises
    ------
    WriteError
        With the file that cannot be written, and what to do instead.
    """
    if form == "parquet":
        _require_pyarrow()
    for path in paths:
        if path == STDIN or is_uri(path):
            shown = printable(path)
            raise WriteError(f"{shown} cannot be read twice; save it to a file and name that")
    found = find_files(list(paths), options, [path for path in against if not is_uri(path)])
    files = [file for file in found if not (file.fault or file.reference)]
    heads: dict[tuple[object, ...], str] = {}
    for file in files:
        kind = file_format(file.path)[0]
        shown = printable(show_path(file.path))
        if kind not in _TAKEN.get(form, (kind,)):
            raise WriteError(
                f"{shown} cannot be written to {suffix} as it is; name an output that ends in .jsonl, or a folder"
            )
        if form == "folder" and prefix is not None and form_in_folder(file) is None:
            raise WriteError(f"{shown} has no records with fields to add; leave out --annotate, or write .jsonl")
        if kind in (*OF_RECORDS, ".arrow"):
            _check_first(file, options, form, suffix, prefix, heads)
    first = files[0] if len(files) == 1 else None
    as_they_are = first is not None and OF_RECORDS.get(file_format(first.path)[0]) == form
    return Survey(as_they_are, _places(paths, files) if form == "folder" else {})


def _require_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as fault:
        raise MissingExtraError("pyarrow", "parquet") from fault


def _check_first(
    file: File, options: ReadOptions, form: str, suffix: str, prefix: str | None, heads: dict[tuple[object, ...], str]
) -> None:
    """Check the first record of a file: its fields against those to be added, the head of its table against others."""
    recorder = Recorder()
    next(file.read(replace(options, recorder=recorder)), None)
    raw, head = recorder.take()[1], recorder.head
    shown = printable(show_path(file.path))
    if prefix is not None:
        names = head.names if head else (raw.fields or ()) if raw else ()
        refuse_clash(names, prefix, shown)
    if head is None or form not in _TAKEN:
        return
    if form == "csv" and (head.delimiter == "\t") != (suffix == ".tsv"):
        right = ".tsv" if head.delimiter == "\t" else ".csv"
        raise WriteError(f"{shown} is separated otherwise; name an output that ends in {right}, or in .jsonl")
    heads.setdefault((head.names, head.delimiter, str(head.schema)), shown)
    if len(heads) > 1:
        raise WriteError(
            f"{shown} has other columns than {next(iter(heads.values()))}; name an output that ends in .jsonl, or a "
            "folder"
        )


def form_in_folder(file: File) -> str | None:
    """Form in which a file of records is written into a folder; None for a file that stays or goes as it is."""
    suffix, packed = file_format(file.path)
    form = OF_RECORDS.get(suffix)
    return None if form == "parquet" and packed else form


def _places(paths: Sequence[str], files: Sequence[File]) -> dict[str, str]:
    """Place of each file in the folder: its path below the folder that was named, several of these by their names."""
    places: dict[str, str] = {}
    taken: dict[str, str] = {}
    roots = [os.path.join(path, "") if os.path.isdir(path) else path for path in paths]
    for file in files:
        root = next(root for root in roots if file.path == root or file.path.startswith(root))
        place = os.path.relpath(file.path, root) if root.endswith(os.sep) else os.path.basename(file.path)
        if root.endswith(os.sep) and len(roots) > 1:
            place = os.path.join(os.path.basename(os.path.abspath(root)), place)
        if other := taken.get(place):
            shown = [printable(show_path(path)) for path in (other, file.path)]
            raise WriteError(
                f"{shown[0]} and {shown[1]} would both be {printable(place)} in the folder; keep one by one"
            )
        places[file.path] = place
        taken[place] = file.path
    return places

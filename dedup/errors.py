"""Errors that dedup raises on purpose.

DedupError
├── SettingsError (ValueError)      a setting lies outside its range
├── ReadError                       an input path cannot be used at all
├── WriteError                      a result cannot be written where it should go
├── ModelError                      an embedding model, or the profiles of languages, cannot be loaded
├── ArchiveError                    an archive is damaged, foreign, of another model or version, or not writable
│   └── ArchiveBusyError            somebody else is writing to it
├── ResourceError                   memory, disk or a worker process gave out
└── MissingExtraError (ImportError) an optional dependency is not installed

One article that cannot be used is not an error: it becomes a `Skipped` and the run goes on.
"""

_DISTRIBUTION = "dedup-articles"  # on the package index, where the name dedup belongs to another project


class DedupError(Exception):
    """Root of the errors that dedup raises on purpose."""


class SettingsError(DedupError, ValueError):
    """Setting outside its range; the message gives the value, the range and the next step."""


class ReadError(DedupError):
    """Path that cannot be read: it does not exist, access is denied, or it holds something other than it should."""


class WriteError(DedupError):
    """Place that cannot be written to, or holds what must not be overwritten; the message says why and what to do."""


class ModelError(DedupError):
    """Model that cannot be loaded: an embedding model, or the profiles of languages."""


class ArchiveError(DedupError):
    """Archive that cannot be used: damaged, of another program, model or version; the message says what to do."""


class ArchiveBusyError(ArchiveError):
    """Archive to which another process or thread has been writing for longer than one was ready to wait."""


class ResourceError(DedupError):
    """Run that does not fit this machine, or ran out of memory or disk; the message says what would help."""


class MissingExtraError(DedupError, ImportError):
    """Optional dependency that is not installed.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra that brings it, as in ``pip install "dedup-articles[extra]"``.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is needed here and is not installed; run: pip install "{_DISTRIBUTION}[{extra}]"')
        self.package = package
        self.extra = extra

"""Every error dedup raises on purpose.

DedupError
├── SettingsError (ValueError)      a setting lies outside its range
├── ReadError                       an input path cannot be used at all
├── WriteError                      a result cannot be written where it was asked for
├── ModelError                      an embedding model cannot be loaded
├── ResourceError                   memory, disk or a worker process gave out
└── MissingExtraError (ImportError) an optional dependency is not installed

One article that cannot be used is not an error: it becomes a `Skipped` and the run goes on.
"""


class DedupError(Exception):
    """Anything that dedup raises on purpose."""


class SettingsError(DedupError, ValueError):
    """A setting lies outside its range; the message gives the value, the range and the next step."""


class ReadError(DedupError):
    """A path given by the user cannot be read at all: it does not exist, or holds something else than it should."""


class WriteError(DedupError):
    """A result cannot be written where it was asked for, or would overwrite what is no report."""


class ModelError(DedupError):
    """An embedding model cannot be loaded."""


class ResourceError(DedupError):
    """A run does not fit this machine, or ran out of memory or disk; the message says what would help."""


class MissingExtraError(DedupError, ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra that brings it, as in ``pip install "dedup[extra]"``.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is needed here and is not installed; run: pip install "dedup[{extra}]"')
        self.package = package
        self.extra = extra

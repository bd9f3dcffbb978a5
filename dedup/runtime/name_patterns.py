"""Shell patterns that choose files by name: those to read, and those to leave out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class NamePatterns:
    """Patterns such as ``*.html`` or ``news/*.txt``, each compared from the right.

    glob : patterns of which a file inside a folder has to match one; without any, all files are admitted
    exclude : patterns of files and folders to leave out, which overrule the others
    """

    glob: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def admits(self, path: PurePath) -> bool:
        """Whether a file in a folder is to be read, by its own name."""
        return (not self.glob or any(map(path.match, self.glob))) and not self.excludes(path)

    def excludes(self, path: PurePath) -> bool:
        """Whether a file or folder is to be left out."""
        return any(map(path.match, self.exclude))

    def admits_inside(self, path: PurePath) -> bool:
        """Whether a file is to be read, by its name and those of the folders of its path."""
        return self.admits(path) and not any(map(self.excludes, path.parents))

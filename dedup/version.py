"""The version, in a file of its own: reports name it, and packaging reads it without importing anything."""

__version__ = "0.2.0"

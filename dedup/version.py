"""The version, in a file of its own so that reports can name it and packaging can read it without importing anything."""

__version__ = "0.1.0"

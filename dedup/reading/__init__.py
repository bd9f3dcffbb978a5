"""Paths in, articles and what had to be skipped out.

Folders are walked in order of names; each format has a reader; fields, markup and encodings are dealt with here.
Libraries that are slow to import are loaded when the first file that needs them is met.
"""

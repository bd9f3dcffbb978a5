"""Vectors and facts of articles in, pairs that may match out.

Exact products of matrices up to tens of thousands of articles, cells of an inverted file beyond. No pair is left out
for its languages.
"""

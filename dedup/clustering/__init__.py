"""Verified pairs in, clusters of two or more articles out, without chaining.

Memory is that of the largest group of linked articles.
"""

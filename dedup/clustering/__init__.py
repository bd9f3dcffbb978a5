"""Verified pairs in, clusters of two or more articles out, each with a representative and its weakest pair.

Average linkage on log-odds, so that chains of weak pairs do not grow; verified pairs in one language have a veto. Exact
copies join the cluster of their first article. Cost: linear in pairs; memory is that of the largest group of linked
articles.
"""

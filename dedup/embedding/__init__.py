"""Texts in, vectors out: ndarray of shape (n, d), float32, by the bundled model or any of sentence-transformers.

`Encoder` is the protocol that all models keep and `load_encoder` finds one by name. Cost: the bundled model needs numpy
alone and encodes some 2,000 articles a second on one core; others import torch, which takes seconds, and are far
slower.
"""

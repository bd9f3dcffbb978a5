"""Texts in, unit vectors out: the bundled static model, or any sentence-transformers model.

`Encoder` is the protocol that all models keep. The bundled model needs numpy alone and reads thousands of articles a
second on one core.
"""

"""Articles in a SQLite file that remembers them: are they there already, in any language, and which story are they?

`Archive` is the way in. Stories after any number of steps are those of one scan of everything: see the README beside
this file. Cost: an add compares the new articles with the vectors near them and judges their pairs alone.
"""

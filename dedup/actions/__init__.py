"""Deeds on what a report found: the input written again without its repeats.

Nothing that was read is changed. Cost: the input is read once more, record by record; memory is that of the decisions.
"""

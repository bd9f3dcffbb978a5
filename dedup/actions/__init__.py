"""Actions on the files that a report names: repeats moved, linked, deleted or listed, after every file was checked.

`saved_report` reads a report that people may have edited, `plan` decides what would be done, `carry_out` does it under
a `journal`, and `undo` takes it back. apply.md beside this file has the rules.
"""

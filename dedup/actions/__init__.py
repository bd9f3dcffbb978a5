"""Actions on what a report found: its repeats moved, linked, deleted or listed, or the input written without them.

`saved_report` reads a report that people may have edited, `plan` decides what would be done, `carry_out` does it under
a `journal`, and `undo` takes it back; apply.md beside this file has the rules. `keep` reads the input once more, record
by record, and writes what stays; README.md has the rules of that.
"""

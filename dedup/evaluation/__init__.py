"""Gold stories and labelled pairs in; figures of quality, or a scorer fitted to them, out.

Costs a scan of the labelled articles; calibration costs several.
"""

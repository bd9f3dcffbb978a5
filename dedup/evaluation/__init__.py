"""Gold stories and labelled pairs in; figures of quality, or a scorer fitted to them, out.

Figures are pairwise, BCubed and adjusted Rand, for all pairs and by language. Cost: figures are linear in
articles; calibration scans every gold set whole and in parts, many times a single scan.
"""

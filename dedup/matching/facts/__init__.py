"""Hard facts of a text, in digits or words: numbers, dates, codes, names and more, in a form that no language changes.

Two release notes of one template differ in nothing else; a report and its translation share nearly all of them.
"""

from dedup.matching.facts.compare import FactAgreement, FactSets, compare_fact_sets, compare_facts, fact_scores
from dedup.matching.facts.dates import days_apart
from dedup.matching.facts.extract import Facts, extract_facts
from dedup.matching.facts.store import FactFile, StoredFacts, pack_facts

__all__ = [
    "FactAgreement",
    "FactFile",
    "FactSets",
    "Facts",
    "StoredFacts",
    "compare_fact_sets",
    "compare_facts",
    "days_apart",
    "extract_facts",
    "fact_scores",
    "pack_facts",
]

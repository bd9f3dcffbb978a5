"""Hard facts of a text: numbers, dates, versions, identifiers and names, in a form that no language changes.

Two release notes of one template differ in nothing else; a report and its translation share nearly all of them.
"""

from dedup.matching.facts.compare import FactAgreement, Told, compare_facts, compare_told, measure_facts
from dedup.matching.facts.dates import days_apart
from dedup.matching.facts.extract import Facts, extract_facts
from dedup.matching.facts.store import FactShelf, StoredFacts, pack_facts

__all__ = [
    "FactAgreement",
    "FactShelf",
    "Facts",
    "StoredFacts",
    "Told",
    "compare_facts",
    "compare_told",
    "days_apart",
    "extract_facts",
    "measure_facts",
    "pack_facts",
]

"""Hard facts of a text: numbers, dates, versions, identifiers and names, in a form that no language changes.

Two release notes of one template differ in nothing else; a report and its translation share nearly all of them.
"""

from dedup.facts.compare import FactAgreement, compare_facts
from dedup.facts.extract import Facts, extract_facts
from dedup.facts.stored import FactShelf, StoredFacts, pack_facts

__all__ = ["FactAgreement", "FactShelf", "Facts", "StoredFacts", "compare_facts", "extract_facts", "pack_facts"]

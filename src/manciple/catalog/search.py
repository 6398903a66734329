"""What products are found by: their terms in the search index, and the terms that a filter asks for.

AWS does not document its full-text search. Here every word of every text of a product is a term, a filter's value
matches a product that has a word beginning with each of its words, several values of one filter are alternatives, and
several filters must all match.
"""

import re
from collections.abc import Iterator

from manciple.catalog.entities import Product
from manciple.errors import InvalidParametersException

MOST = 100
"""So many values, or words in them, may one search ask for: each is looked up by itself. Ours; AWS names no limit."""

KIND = "product"
"""The kind of products in the search index."""

FIELDS = {"Owner": "owner", "ProductType": "type", "SourceProductId": "source"}
"""Filters that match a whole value, and their field in the index."""

WORD = "word"
"""The field of the words that FullTextSearch looks through."""

_WORD = re.compile(r"\w+")
_TEXTS = ("name", "owner", "description", "distributor", "support_description", "support_email", "support_url")


def product_terms(product: Product) -> Iterator[tuple[str, str]]:
    """The (field, term) pairs of a product; a product that is no copy is its own source (reference, 5.2)."""
    yield "owner", product.owner
    yield "type", product.type
    yield "source", product.source_product_id or product.id
    yield WORD, product.id
    for name in _TEXTS:
        for word in words(getattr(product, name) or ""):
            yield WORD, word


def words(text: str) -> list[str]:
    """The words of a text, lower-case, each once."""
    return list(dict.fromkeys(_WORD.findall(text.lower())))


def check_number(asked: int) -> None:
    """Raise InvalidParametersException for a search that asks for too many things at once."""
    if asked > MOST:
        raise InvalidParametersException(f"Filters ask for {asked} values and words; a search takes at most {MOST}.")

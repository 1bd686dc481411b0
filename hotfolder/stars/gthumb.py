"""Stars and tags in gThumb's own file for a picture, `.comments/NAME.xml`."""

from __future__ import annotations

from collections.abc import Iterator

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from hotfolder.stars.mark import DraftFile, Mark, words

SIDECARS = (".comments/{name}.xml",)
MAX_BYTES = 2**20


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The rating, 0 to 5, and the categories of the picture. Broken XML has none."""
    data = draft.beside.get(SIDECARS[0], b"")
    if not data or len(data) > MAX_BYTES:
        return
    try:
        comment = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return
    rating = comment.find("rating")
    value = "" if rating is None else rating.get("value", "")
    if value in ("1", "2", "3", "4", "5"):
        yield Mark("rating", int(value))
    yield words("categories", *(c.get("value", "") for c in comment.findall("categories/category")))

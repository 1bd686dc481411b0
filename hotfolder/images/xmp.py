"""XMP: the packet that our pictures carry, and the properties in anybody's.

Sources: XMP specification part 1 (ISO 16684-1), the serializations of properties in 7.4 and 7.9.2;
IPTC Photo Metadata Standard 2025.1. Our packets are ASCII: some programs write everything else
wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from hotfolder import __version__
from hotfolder.recipes.recipe import Pixels, Recipe, lineage
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 2**20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# A name that nobody else can have. It ends in "#", for XMP puts the properties' names behind it.
_OURS = "urn:uuid:5d3f0a86-3c0e-4b57-9e7b-6f1c2a94d7e1#"
_EARLIER = "https://hotfolder.example/ns/1.0/"  # read for ever
_DOCUMENTS = tuple(f"{{{namespace}}}document" for namespace in (_OURS, _EARLIER))
_PROPERTY = re.compile(rb"<(\w+):document>[^<]*</\1:document>|\s\w+:document=\"[^\"]*\"")
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ABOUT = f"{_RDF}about"
_ORIGIN = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# `xmp:Rating` is there, at no stars, because some programs change a rating but never add one.
_PACKET = """\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:hotfolder="{ours}">
{properties}
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

_ADDITION = """\
<rdf:Description rdf:about="" xmlns:hotfolder="{ours}">
<hotfolder:document>{document}</hotfolder:document>
</rdf:Description>
"""


def packet(recipe: Recipe, record: Record, document: str = "", prompt: bool = True) -> bytes:
    """The XMP packet of a picture: that and how an AI made it, and `document` as our property.

    Without `prompt` nothing is in it that a person wrote.
    """
    version = record.software.removeprefix("hotfolder ") or __version__
    weights = f", weights {record.model_sha256[:10]}" if record.model_sha256 else ""
    properties = {
        "xmp:Rating": "0",
        "xmp:CreatorTool": f"hotfolder {version}",
        "Iptc4xmpExt:DigitalSourceType": origin(recipe),
        "Iptc4xmpExt:AIPromptInformation": recipe.prompt if prompt else "",
        "Iptc4xmpExt:AISystemUsed": f"hotfolder, model {recipe.model}",
        "Iptc4xmpExt:AISystemVersionUsed": f"{version}{weights}",
        "hotfolder:document": document,
    }
    lines = [f"<{key}>{_text(value)}</{key}>" for key, value in properties.items() if value]
    return _PACKET.format(ours=_OURS, properties="\n".join(lines)).encode(
        "ascii", "xmlcharrefreplace"
    )


def origin(recipe: Recipe) -> str:
    """What kind of picture it is, by IPTC's list of digital source types."""
    composite = isinstance(lineage(recipe)[-1], Pixels)
    return _ORIGIN + (
        "compositeWithTrainedAlgorithmicMedia" if composite else "trainedAlgorithmicMedia"
    )


def added(packet: bytes, document: str) -> bytes | None:
    """An owner's packet with `document` as our property, all else as it stands there.

    None if the packet is in a form that cannot be added to.
    """
    before = properties(packet)
    if [before[name] for name in _DOCUMENTS if name in before] == [(document,)]:
        return packet
    cleared = _PROPERTY.sub(b"", packet) if before.keys() & set(_DOCUMENTS) else packet
    end = cleared.rfind(b"</rdf:RDF>")
    addition = _ADDITION.format(ours=_OURS, document=_text(document)).encode("ascii")
    longer = cleared[:end] + addition + cleared[end:]
    others = {name: values for name, values in before.items() if name not in _DOCUMENTS}
    wanted = {_ABOUT: ("",), **others, _DOCUMENTS[0]: (document,)}
    return longer if {_ABOUT: ("",), **properties(longer)} == wanted else None


def document(packet: bytes | None) -> str | None:
    """Our property in a packet, as an element or an attribute; None where there is none."""
    found = properties(packet)
    return next((values[0] for name in _DOCUMENTS if (values := found.get(name))), None)


@lru_cache(maxsize=2)  # of the picture that is read: several ask
def properties(packet: bytes | None) -> Mapping[str, tuple[str, ...]]:
    """Name with namespace to values, of the picture's own properties; one value unless a list.

    Empty for XML that is broken, too long or has a DTD.
    """
    if not packet or len(packet) > MAX_BYTES:
        return {}
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if not packet.startswith(_UTF_16):  # where a NUL is half a character
        packet = packet.strip(b" \t\r\n\0")
    try:
        root = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    rdf: Element | None = next(root.iter(f"{_RDF}RDF"), None)
    for description in [] if rdf is None else rdf.findall(f"{_RDF}Description"):
        attributes = ((name, (value,)) for name, value in description.items())
        elements = ((element.tag, _values(element)) for element in description)
        for name, values in (*attributes, *elements):
            found.setdefault(name, values)
    return found


def _values(element: Element) -> tuple[str, ...]:
    """The text of a simple property, or the items of a list of those."""
    items = [item.text or "" for array in element for item in array.findall(f"{_RDF}li")]
    return tuple(items) if len(element) else (element.text or "",)


def _text(value: str) -> str:
    """`value` as the content of an element; what XML cannot hold becomes U+FFFD."""
    return escape(_NOT_IN_XML.sub("\ufffd", value)).replace("\r", "&#13;")

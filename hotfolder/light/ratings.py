"""Stars beside a picture: the XMP sidecar that photo programs share. Bytes in, bytes out.

Source: XMP specification part 1 (ISO 16684-1), 8.4 (the xmp namespace: Rating is -1 or 0 to 5).
"""

from __future__ import annotations

import re
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.images import xmp
from hotfolder.studio.reading import read_file

MAX_BYTES = 2**20
_RATING = "{http://ns.adobe.com/xap/1.0/}Rating"
_WRITTEN = re.compile(rb"(xmp:Rating\s*=\s*[\"']|<xmp:Rating>)\s*-?\d(\s*[\"']|\s*</xmp:Rating>)")
_NUMBER = re.compile(r"-?[0-5](\.0+)?", re.ASCII)
_DESCRIPTION = re.compile(rb"<rdf:Description\b")
_NEW = """\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{stars}"/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def rating_beside(root: Path, sidecar: str) -> int | None:
    """The stars in a sidecar, from -1 to 5; None where it does not say or cannot be read."""
    try:
        return rating_in(read_file(root / sidecar, MAX_BYTES, root))
    except (OSError, PictureError):
        return None


def rating_in(packet: bytes) -> int | None:
    """The stars in a packet, from -1 to 5; None where it does not say."""
    found = xmp.properties(packet).get(_RATING, ())
    if len(found) == 1 and _NUMBER.fullmatch(found[0].strip()):
        return max(-1, int(float(found[0])))
    return None


def rated(packet: bytes | None, stars: int) -> bytes:
    """A sidecar with this rating: a new one, or another program's with all else as it stands.

    Raises PictureError for a packet in a form in which a rating can be neither changed nor added.
    """
    if packet is None:
        return _NEW.format(stars=stars).encode("ascii")
    before = xmp.properties(packet)
    if _RATING in before:
        changed = _WRITTEN.sub(rb"\g<1>%d\g<2>" % stars, packet)
    else:
        addition = b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"'
        changed = _DESCRIPTION.sub(addition % stars, packet, count=1)
    if xmp.properties(changed) != {**before, _RATING: (str(stars),)}:
        raise PictureError("its sidecar is in a form in which the rating cannot be changed")
    return changed

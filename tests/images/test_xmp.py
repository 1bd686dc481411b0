"""The XMP packet that our pictures carry."""

from __future__ import annotations

from pathlib import Path

from hotfolder.images import metadata, xmp

GOLDEN = Path(__file__).parent.parent / "golden"
DOCUMENT = '{"recipe": 1}'


def test_pictures_of_every_version_say_it() -> None:
    """The document of golden pictures is read under the name that it had in their version."""
    for path in sorted(GOLDEN.glob("v*/*")):
        if path.suffix in metadata.suffixes():
            packet = metadata.read(path.read_bytes()).xmp
            assert (xmp.document(packet) or "").startswith("{"), path


def test_an_earlier_name_gives_way_to_ours() -> None:
    """A packet that is written to again has the document once, under today's name."""
    old = metadata.read((GOLDEN / "v1" / "png-draft.png").read_bytes()).xmp
    assert old is not None and b"hotfolder.example" in old
    new = xmp.added(old, DOCUMENT)
    assert new is not None
    assert xmp.document(new) == DOCUMENT
    says = [values for name, values in xmp.properties(new).items() if name.endswith("document")]
    assert says == [(DOCUMENT,)]
    assert xmp.added(new, DOCUMENT) == new

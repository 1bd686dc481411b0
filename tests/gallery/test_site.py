"""The gallery's files: complete, private, only what changed, and nobody else's."""

from __future__ import annotations

import io
import os
import re
import shutil
from pathlib import Path

import msgspec
import pytest
from defusedxml import ElementTree
from PIL import Image

from hotfolder.cli import main
from hotfolder.images import metadata, picture
from hotfolder.studio.layout import Studio
from tests.gallery.conftest import contents
from tests.light import pictures as made

ATOM = "{http://www.w3.org/2005/Atom}"


def test_a_studio_s_finals_with_their_drafts(
    picked: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four finals hang; the page of each shows its draft and the other final of that draft."""
    assert main(["gallery", str(picked.root), "-o", str(tmp_path / "site"), "--prompts"]) == 0
    assert "4 pictures" in capsys.readouterr().out
    site = contents(tmp_path / "site")
    pages = [page.decode() for name, page in site.items() if name.startswith("picture/")]
    assert len(pages) == 4
    for page in pages:
        assert "The draft it was made from" in page
        assert page.count('<li class="r') == 1
    copies = [name for name in site if name.startswith("pictures/")]
    assert len(copies) == 6 * 4  # four finals and two drafts: one large copy, three small ones
    linked = {
        name
        for page in site.values()
        for name in re.findall(r"pictures/[\w-]+\.\w+", page.decode("latin-1"))
    }
    assert linked - {"pictures.js"} == set(copies)


def test_every_link_leads_to_a_file(picked: Studio, tmp_path: Path) -> None:
    """Pages, pictures, scripts and styles are all there, from whatever folder they are named."""
    site = tmp_path / "site"
    main(["gallery", str(picked.root), "-o", str(site), "--prompts", "--language", "ja"])
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert 'lang="ja"' in text
        for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', text):
            if not target.startswith("data:"):
                assert (page.parent / target).is_file(), (page.name, target)


def test_nothing_private_is_in_it(picked: Studio, tmp_path: Path) -> None:
    """Without --prompts no word of a prompt, no name of a file and no path stands anywhere."""
    site = tmp_path / "site"
    main(["gallery", str(picked.root), "-o", str(site), "--title", "Works"])
    words = [
        b"castle",
        b"lighthouse",
        b"evening.txt",
        b"final-0-0",
        b"postcard",
        os.fsencode(tmp_path),
    ]
    for name, data in contents(site).items():
        for word in words:
            assert word not in data, (name, word)
        if name.startswith("pictures/"):
            with Image.open(io.BytesIO(data)) as image:
                assert (
                    not image.getexif()
                    and not {"exif", "xmp", "comment", "icc_profile"} & image.info.keys()
                )


def test_it_can_be_made_again(picked: Studio, tmp_path: Path) -> None:
    """The same pictures give the same bytes, in another folder and without any cache."""
    both = [tmp_path / "one", tmp_path / "two"]
    for folder in both:
        main(["gallery", str(picked.root), "-o", str(folder), "--prompts", "--title", "Works"])
    assert contents(both[0]) == contents(both[1])


def test_only_what_changed_is_written(
    picked: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run writes nothing; one after a deletion takes away that picture and no more."""
    site = tmp_path / "site"
    arguments = ["gallery", str(picked.root), "-o", str(site)]
    main(arguments)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}
    main(arguments)
    assert "nothing has changed" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}
    (picked.final / "final-0-0.png").unlink()
    main(arguments)
    gone = {path for path in before if not path.exists()}
    assert {path.parent.name for path in gone} == {"picture", "pictures"}
    assert len(gone) == 5  # its page, a large copy and three small ones


def test_a_lost_copy_comes_back(picked: Studio, tmp_path: Path) -> None:
    """What somebody deleted from the gallery is there again after the next run."""
    site = tmp_path / "site"
    arguments = ["gallery", str(picked.root), "-o", str(site)]
    main(arguments)
    whole = contents(site)
    next((site / "pictures").glob("*-small.webp")).unlink()
    main(arguments)
    assert contents(site) == whole


@pytest.mark.parametrize("marker", [None, "{", '{"files": 3}'])
def test_somebody_else_s_folder_is_left_alone(
    picked: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str], marker: str | None
) -> None:
    """A folder with other files in it, or with a damaged list, is refused and stays as it is."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    if marker is not None:
        (site / "hotfolder-gallery.json").write_text(marker)
    before = contents(site)
    assert main(["gallery", str(picked.root), "-o", str(site)]) == 1
    assert "-o" in capsys.readouterr().err
    assert contents(site) == before


def test_a_list_names_no_file_outside(picked: Studio, tmp_path: Path) -> None:
    """Paths that lead out of the gallery, in a list that somebody has edited, remove nothing."""
    site, mine = tmp_path / "site", tmp_path / "mine.txt"
    mine.write_text("mine")
    main(["gallery", str(picked.root), "-o", str(site)])
    listed = site / "hotfolder-gallery.json"
    listed.write_text(listed.read_text().replace('"gallery.css"', '"gallery.css", "../mine.txt"'))
    assert main(["gallery", str(picked.root), "-o", str(site), "--title", "Another"]) == 0
    assert mine.read_text() == "mine"


def test_bad_pictures_are_told_and_left_out(
    picked: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One broken file stops no other; the exit code says that there was one."""
    (picked.final / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert main(["gallery", str(picked.root), "-o", str(tmp_path / "site")]) == 3
    out = capsys.readouterr().out
    assert "broken.png was left out: " in out and "4 pictures" in out


def test_prompts_are_only_words(studio: Studio, tmp_path: Path) -> None:
    """Markup in a prompt is shown as it is written, on pages, in the feed and in the script."""
    evil = "</script><script>alert(1)</script> \"'><img src=x onerror=alert(2)> ]]>"
    recipe = made.recipe(0)
    image = made.painted(0, recipe.width, recipe.height)
    recipe = msgspec.structs.replace(recipe, prompt=evil)
    data, _ = picture.publishable(image, recipe, made.record(0))
    (studio.final / "evil.png").write_bytes(data)
    site = tmp_path / "site"
    main(["gallery", str(studio.root), "-o", str(site), "--prompts"])
    for page in site.rglob("*.html"):
        assert "<script>alert" not in page.read_text() and "<img src=x" not in page.read_text()
    entry = ElementTree.parse(site / "feed.xml").find(f".//{ATOM}entry/{ATOM}title")
    assert (
        entry is not None and entry.text is not None and entry.text.startswith("</script><script>")
    )


def test_the_feed_and_previews_have_whole_addresses(picked: Studio, tmp_path: Path) -> None:
    """With an address the feed has a base, and pages say what a preview of a link shows."""
    site = tmp_path / "site"
    main(["gallery", str(picked.root), "-o", str(site), "--address", "https://example.org/art"])
    feed = ElementTree.parse(site / "feed.xml").getroot()
    assert feed.get("{http://www.w3.org/XML/1998/namespace}base") == "https://example.org/art/"
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == 4 and all(id and id.startswith("urn:uuid:") for id in ids)
    index = (site / "index.html").read_text()
    shown = re.search(r'og:image" content="https://example.org/art/(pictures/\w+\.jpg)"', index)
    assert shown and (site / shown[1]).is_file()


def test_any_pictures_and_many_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of no studio hang as well; those that do not fit on a page hang on another."""
    monkeypatch.setattr("hotfolder.gallery.pages.PER_PAGE", 2)
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(5):
        made.painted(number, 64, 48).save(folder / f"{number}.jpg")
    site = tmp_path / "site"
    assert main(["gallery", str(folder), "-o", str(site)]) == 0
    assert {path.name for path in site.glob("*.html")} == {
        "index.html",
        "page-2.html",
        "page-3.html",
    }
    assert "holiday" in (site / "index.html").read_text()
    shutil.rmtree(folder)
    folder.mkdir()
    assert main(["gallery", str(folder), "-o", str(site)]) == 1
    assert (site / "index.html").is_file()


def test_copies_carry_no_recipe(picked: Studio, tmp_path: Path) -> None:
    """Not even with prompts on the pages: who copies a picture gets pixels."""
    main(["gallery", str(picked.root), "-o", str(tmp_path / "site"), "--prompts"])
    for path in (tmp_path / "site" / "pictures").glob("*.jpg"):
        assert not metadata.read(path.read_bytes()).texts

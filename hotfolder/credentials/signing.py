"""A picture and what is said of it -> the same picture, signed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from hotfolder.credentials import manifest
from hotfolder.credentials.certificate import INSTALL, Credentials
from hotfolder.errors import HotfolderError, PictureError
from hotfolder.images import metadata
from hotfolder.recipes.recipe import Recipe

_THUMBNAIL_PX = 256


def signed(
    data: bytes,
    recipe: Recipe,
    credentials: Credentials,
    title: str,
    draft: bytes | None = None,
    done: Sequence[str] = (),
    edited: bool = False,
) -> bytes:
    """The picture `data` with content credentials; its pixels and metadata are untouched.

    `draft` is the picture that it was refined from, a copy of that without its prompt: shown small
    in the credentials, with credentials of its own. Without it they only say that there was one.
    Nothing is fetched and nobody is asked: neither a time stamp nor who has revoked what.

    Raises PictureError if it cannot be signed.
    """
    told = manifest.manifest(recipe, title, done, edited)
    source, part = manifest.picked(recipe), None
    if isinstance(source, Recipe) and draft is not None:
        own = manifest.manifest(source, "draft")
        if manifest.picked(source) is not None:  # a final that was picked and refined again
            own["ingredients"] = [manifest.ingredient(source)]
        part = _signed(draft, own, credentials, None, _THUMBNAIL_PX)
    elif source is not None:
        told["ingredients"] = [manifest.ingredient(recipe)]
    named = None if part is None else (manifest.ingredient(recipe), part)
    return _signed(data, told, credentials, named)


def _signed(
    data: bytes,
    definition: Any,
    credentials: Credentials,
    part: tuple[dict[str, str], bytes] | None,
    thumbnail_px: int = 0,
) -> bytes:
    """`data` with this manifest, and `part` as its ingredient."""
    try:
        import c2pa
    except ImportError:
        raise HotfolderError(INSTALL) from None

    thumbnail = {"enabled": bool(thumbnail_px), "long_edge": thumbnail_px or 1, "format": "jpeg"}
    verify = {"verify_after_sign": True, "verify_trust": False, "remote_manifest_fetch": False}
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": thumbnail}, "verify": verify})
    info = c2pa.C2paSignerInfo(
        credentials.algorithm.encode(), credentials.chain, credentials.key, None
    )
    out = io.BytesIO()
    try:
        with (
            c2pa.Context(settings) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(definition, context) as builder,
        ):
            if part is not None:
                builder.add_ingredient(part[0], _kind(part[1]), io.BytesIO(part[1]))
            builder.sign(signer, _kind(data), io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise PictureError(f"it cannot be signed: {error}") from None
    return out.getvalue()


def _kind(data: bytes) -> str:
    return f"image/{metadata.format_of(data)}"

"""Styles, scripts and pictures: built by `make pages`, read once, named by their contents' hash."""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from gateway.web.errors import PageNotFound
from gateway.web.security import ASSET_HEADERS

FOLDER = "/assets/"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    zipped: bytes | None
    media_type: str


class Assets:
    """All files of the folder, in memory: a request never reaches the disk, so no path can lead astray."""

    def __init__(self, folder: Path) -> None:
        manifest: dict[str, str] = json.loads((folder / "manifest.json").read_text("utf-8"))
        self._path_of = {name: FOLDER + hashed for name, hashed in manifest.items()}
        self._files = {FOLDER + hashed: _read(folder / hashed) for hashed in manifest.values()}

    def path_of(self, name: str) -> str:
        """Return the address of a file by its plain name, such as "application.css"; raises KeyError."""
        return self._path_of[name]

    def answer(self, path: str, *, takes_gzip: bool) -> Response:
        """Return a file by its address; raises PageNotFound."""
        asset = self._files.get(path)
        if asset is None:
            raise PageNotFound
        headers = dict(ASSET_HEADERS)
        content = asset.content
        if takes_gzip and asset.zipped is not None:
            headers["Content-Encoding"], content = "gzip", asset.zipped
        return Response(content, headers={**headers, "Content-Type": asset.media_type})


def _read(path: Path) -> Asset:
    zipped = path.with_name(path.name + ".gz")
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(
        content=path.read_bytes(),
        zipped=zipped.read_bytes() if zipped.is_file() else None,
        media_type=_TYPES.get(path.suffix, guessed),
    )

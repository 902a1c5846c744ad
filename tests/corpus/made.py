"""The corpus on disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tests.corpus.films import FILMS
from tests.corpus.photos import PHOTOS

NAMELESS: Final = ("missing.jpg",)
"""What is named in the table, and is not there."""
_DIRECTORIES: Final = ("directory.jpg",)
_TEXTS: Final = {"empty.mp4": b"", "text.mp4": b"This was a film once.\n"}


def make(folder: Path) -> Path:
    """Every file of the corpus in `folder`, which is made, and anew if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _DIRECTORIES:
        (folder / name).mkdir()
    for name, content in _TEXTS.items():
        (folder / name).write_bytes(content)
    for name, photo in PHOTOS.items():
        (folder / name).write_bytes(photo())
    for name, film in FILMS.items():
        film(folder / name)
    return folder

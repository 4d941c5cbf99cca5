"""The letters of a PDF: its own fonts know those of western Europe; for others a font of this machine is looked for."""

import importlib.util
import unicodedata

from pathlib import Path
from typing import Any, NamedTuple

PLAIN = "Helvetica"
PLACES = (
    ("/usr/share/fonts/truetype/dejavu", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/dejavu-sans-fonts", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/TTF", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("C:/Windows/Fonts", "arial.ttf", "arialbd.ttf"),
    ("/System/Library/Fonts/Supplemental", "Arial.ttf", "Arial Bold.ttf"),
)
"""Where systems keep a font of many letters: folder, usual face, bold face."""
LIKE = str.maketrans({"−": "-", "–": "-", "’": "'", "“": '"', "”": '"', "…": "...", "€": "EUR", " ": " "})
"""What stands for signs that a PDF's own fonts lack."""
_ONE = "а:a б:b в:v г:g д:d е:e з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ы:y э:e і:i ґ:g"  # noqa: RUF001 - these are the letters
_MORE = "ж:zh ц:ts ч:ch ш:sh щ:shch ъ: ь: ю:yu я:ya ё:yo є:ye ї:yi ђ:dj ј:j љ:lj њ:nj ћ:c џ:dz"  # noqa: RUF001 - likewise
SOUNDS = dict(pair.split(":") for pair in f"{_ONE} {_MORE}".split(" "))
"""Cyrillic letters as they are written with Latin ones."""


class Letters(NamedTuple):
    """A font, and how a text is written with it."""

    family: str
    faces: tuple[Path, Path] | None = None
    """Files of the usual and the bold face; None: a font that every reader of PDF has."""
    lacking: str = ""
    """What is said of letters that it lacks; empty: it has all."""

    def into(self, pdf: Any) -> None:  # noqa: ANN401 - fpdf is imported where it is used
        """Make the font known to a file."""
        for style, face in zip(("", "B"), self.faces or (), strict=False):
            pdf.add_font(self.family, style, face)

    def told(self, text: str) -> str:
        """Return a text in letters that the font has."""
        return text if self.faces else latin(text)


def letters_for(text: str) -> Letters:
    """Return the font for a text: a PDF's own where that has every letter, else the first of this machine."""
    if not _lacks(text):
        return Letters(PLAIN)
    faces = machine_font()
    return written_latin() if faces is None else Letters("letters", faces)


def written_latin() -> Letters:
    """Return a PDF's own font for texts that have other letters, and what is said of it."""
    said = (
        "Names in other than western European letters are written with Latin ones here, and with ? where there is no "
        "such way: the HTML report has them as they are, and so has a PDF that is made where the font DejaVu Sans is."
    )
    return Letters(PLAIN, lacking=said)


def _lacks(text: str) -> bool:
    return any(ord(c) > 255 for c in text.translate(LIKE))


def latin(text: str) -> str:
    """Return a text in the letters of western Europe, ? for what cannot be written so.

    >>> latin("Жанна Łukasz – 1−2"), latin("李")
    ('Zhanna Lukasz - 1-2', '?')
    """
    return "".join(c if ord(c) < 256 else _near(c) for c in text.translate(LIKE))


def _near(c: str) -> str:
    sound = SOUNDS.get(c.lower())
    if sound is not None:
        return sound.capitalize() if c.isupper() else sound
    bare = unicodedata.normalize("NFKD", c)[0]
    if ord(bare) < 256:
        return bare
    name = unicodedata.name(c, "")
    if name.startswith("LATIN ") and " LETTER " in name:
        letter = name.partition(" LETTER ")[2].partition(" ")[0]
        return letter if name.startswith("LATIN CAPITAL") else letter.lower()
    return "?"


def machine_font() -> tuple[Path, Path] | None:
    """Return the files of a font of many letters that this machine has; None where none was found."""
    places = [(Path(folder), usual, bold) for folder, usual, bold in PLACES]
    spec = importlib.util.find_spec("matplotlib")
    if spec is not None and spec.origin:
        places.append((Path(spec.origin).parent / "mpl-data/fonts/ttf", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
    found = [(folder / usual, folder / bold) for folder, usual, bold in places]
    return next((faces for faces in found if all(face.is_file() for face in faces)), None)

"""Text files as UTF-8: unpacked and decoded as declared, and no other kind of file taken for text."""

from __future__ import annotations

import codecs
import gzip
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import IntakeError
from ..mapping import Format
from .limits import Budget, Unpacked
from .signatures import GZIP, NO_TEXT, UTF_16, is_gzip

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

LINE_END = b"\n"
DECODED = "decoded_"  # how copies begin, which lie in the workspace until it is gone


def decoded(path: Path, form: Format, work: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is."""
    check_text(path, path, form)
    packed = is_gzip(path)
    if not packed and is_utf_8(form):
        return path
    copy = work / f"{DECODED}{abs(hash(str(path)))}.csv"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as source, copy.open("wb") as target:
            budget = Budget(path, sum(other.stat().st_size for other in work.glob(f"{DECODED}*")))
            if is_utf_8(form):
                shutil.copyfileobj(Unpacked(source, budget), target)
            elif not form.encoding.lower().startswith(("utf", "ascii")) and is_utf_8_beyond_ascii(source):
                raise IntakeError(
                    f"{path}: is UTF-8, not {form.encoding}. Say so in the mapping (format: {{encoding: utf-8}})"
                )
            else:
                source.seek(0)
                transcode(Unpacked(source, budget), target, form.encoding)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(path, form)) from error
    except (EOFError, OSError, zlib.error) as error:
        if not packed:
            raise
        raise IntakeError(f"{path}: is packed with gzip but damaged or cut off ({error}). Export it again") from error
    check_text(copy, path, form)
    return copy


def is_utf_8(form: Format) -> bool:
    return form.encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def check_text(path: Path, shown: Path, form: Format) -> None:
    """What begins like another kind of file is none that could be read as text."""
    with path.open("rb") as file:
        start = file.read(512)
    packed_twice = {GZIP: "packed with gzip twice"} if path != shown else {}
    for signature, what in {**NO_TEXT, **packed_twice}.items():
        if start.startswith(signature):
            raise IntakeError(f"{shown}: is {what}, not text. Give it the right ending, or export it as CSV")
    first = start.split(b"\n")[0]
    looks_wide = first.count(b"\0") * 3 > len(first) and not start.startswith(GZIP)
    if is_utf_8(form) and (start.startswith(UTF_16) or looks_wide):
        raise IntakeError(f"{shown}, line 1: is UTF-16. Say so in a mapping (format: {{encoding: utf-16}})")


def is_utf_8_beyond_ascii(source: SupportsRead[bytes]) -> bool:
    """Whether a file has letters other than those of ASCII, all in UTF-8: in another encoding that is no accident."""
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8")(), True
    try:
        while chunk := source.read(1 << 20):
            is_ascii = is_ascii and chunk.isascii()
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not is_ascii


def transcode(source: SupportsRead[bytes], target: SupportsWrite[bytes], encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    while chunk := source.read(1 << 20):
        target.write(decoder.decode(chunk).encode("utf-8"))
    target.write(decoder.decode(b"", final=True).encode("utf-8"))


def not_decodable(path: Path, form: Format) -> str:
    """What to say of a file that is not in its declared encoding, with the first line that is not."""
    where = f"{path}"
    if "\n".encode(form.encoding) == b"\n":
        decoder, line = codecs.getincrementaldecoder(form.encoding)(), 1
        opener = gzip.open if is_gzip(path) else Path.open
        with opener(path, "rb") as file:
            try:
                while chunk := file.read(1 << 20):
                    decoder.decode(chunk)
                    line += chunk.count(b"\n")
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                # Of the bytes before the wrong one, the first may be of the chunk before; none of them ends a line.
                where = f"{path}, line {line + error.object[: error.start].count(LINE_END)}"
    return (
        f"{where}: is not {form.encoding}. Say how the file is written in a mapping, for example "
        "format: {encoding: latin-1}; if the file mixes encodings or is cut off, export it again"
    )

"""What a file is, by its first bytes."""

from __future__ import annotations

from pathlib import Path

GZIP = b"\x1f\x8b"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
NO_TEXT = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip or Excel file",
    b"%PDF": "a PDF file",
    OLD_EXCEL: "an old Excel file (.xls)",
    b"SQLite": "a SQLite database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"<!DOCTYPE": "a web page",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML file",
}


def starts_with(path: Path, *beginnings: bytes) -> bool:
    """Whether a file starts with one of these."""
    with path.open("rb") as file:
        return file.read(16).startswith(beginnings)


def is_gzip(path: Path) -> bool:
    return starts_with(path, GZIP)

"""White space of every kind, and the characters without a width: what no text begins or ends with.

macros/portable/text.sql has the same for the models.
"""

from __future__ import annotations

CODES = (
    *range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200E), 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000,
    0xFEFF,
)  # fmt: skip
BLANKS = "".join(map(chr, CODES))
# As a pattern of DuckDB: trim() takes ten times as long with characters outside ASCII.
BLANK = "[" + "".join(f"\\x{{{code:x}}}" for code in CODES) + "]"

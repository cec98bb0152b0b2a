"""The colours of cards, tables and charts: those of Okabe and Ito, and one blue for more or less of the same.

People who see colours differently tell them apart, and nothing is said by colour alone.
"""

from __future__ import annotations

INK, MUTED, GRID = "#1c2733", "#5b6875", "#e3e8ee"
BLUE, ORANGE, GREY = "#0b5fa5", "#d55e00", "#9aa5b1"
SERIES = ("#0b5fa5", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f6000", "#6f4fa0")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
SCALE = ((247, 251, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107))  # light to dark


def faint(colour: str, share: float = 0.18) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def on_scale(share: float) -> tuple[str, str]:
    """The colour of a value between 0, the least, and 1, the most, and that of a text on it."""
    share = min(max(share, 0.0), 1.0)
    place = share * (len(SCALE) - 1)
    index = min(int(place), len(SCALE) - 2)
    part = place - index
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(SCALE[index], SCALE[index + 1], strict=True))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return f"#{red:02x}{green:02x}{blue:02x}", INK if light > 140 else "#ffffff"

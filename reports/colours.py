"""The colours of cards, tables and charts: those of Okabe and Ito, and one blue for more or less of the same.

People who see colours differently tell them apart, and nothing is said by colour alone.
"""

from __future__ import annotations

INK, MUTED, GRID = "#1c2733", "#5b6875", "#e3e8ee"
BLUE, ORANGE, GREY = "#0b5fa5", "#d55e00", "#9aa5b1"
SERIES = ("#0b5fa5", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f6000", "#6f4fa0")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
# Of the lifecycle's stages: the same on each chart.
STAGES = {
    "prospect": "#d5dbe3", "new": "#56b4e9", "active": "#009e73", "loyal": "#0b5fa5", "reactivated": "#cc79a7",
    "at_risk": "#e69f00", "lost": "#7d8894", "advocate": "#6f4fa0",
}  # fmt: skip
BANDS = {"critical": "#d55e00", "watch": "#e69f00", "healthy": "#009e73"}  # of health
SCALE = ((247, 251, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107))  # light to dark
DARK, LIGHT = "#000000", "#ffffff"  # of texts on it
EVEN = 0.179  # the luminance on which both are read as well


def faint(colour: str, share: float = 0.18) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def on_scale(share: float) -> tuple[str, str]:
    """The colour of a value between 0, the least, and 1, the most, and the one in which a text is read best on it."""
    place = min(max(share, 0.0), 1.0) * (len(SCALE) - 1)
    index = min(int(place), len(SCALE) - 2)
    red, green, blue = (
        round(start + (end - start) * (place - index))
        for start, end in zip(SCALE[index], SCALE[index + 1], strict=True)
    )
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    return colour, DARK if luminance(colour) > EVEN else LIGHT


def luminance(colour: str) -> float:
    """How light a colour is to the eye, 0 to 1 (WCAG 2)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

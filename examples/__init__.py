"""Two real shops, mapped without code."""

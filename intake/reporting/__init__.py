"""What `check` prints: the sources with the columns that they fill, and what becomes of their rows."""

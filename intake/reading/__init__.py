"""Files and tables as they are, brought into DuckDB: text as text, typed columns typed, no row lost.

`files.py` and `tables.py` are the ways in; each kind of source has a module of its own. A line that does not have the
columns of its header is kept as it stands in `malformed_line`; it becomes a row without any value, which staging
quarantines.
"""

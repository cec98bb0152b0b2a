"""From the columns of a source to the canonical ones, as SQL. A value that cannot be converted stays as it is, so that
staging can quarantine its row with the original and the reason.

`rows.py` is the way in. Values of files and mappings reach SQL only as quoted literals and identifiers.
"""

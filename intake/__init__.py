"""From a shop's own files and tables to the raw entities: mapping, formats, and a look before a run.

What a folder holds is described by a mapping (mapping.yml in it, see docs/mapping.md); a folder that already has the
raw entities under their own names needs none. The result is a folder that dbt reads as STAMMKUNDE_RAW.
"""

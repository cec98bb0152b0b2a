"""Write, audit, publish: the schema `marts` goes into a new file that is renamed over the published one.

Readers open the published path and see the last build or the new one, whole. Nothing is ever written into a file that
they may have open, so nobody waits for anybody. The last builds are kept beside it for a rollback.

Where they are asked for, or another engine built the marts, Parquet files are published too: a link beside the file
leads to those of the published build.
"""

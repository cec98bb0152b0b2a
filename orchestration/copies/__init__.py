"""Copies of the published file for tools that read other things: made anew after each publish, rollback and erasure.

The published file is the truth. A copy that could not be made is told, and made with the next refresh.
"""

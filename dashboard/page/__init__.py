"""A page per file, thin: its sections in their order.

The folder is not called `pages`: Streamlit would take its files for an app of its own until somebody opened the frame.
"""

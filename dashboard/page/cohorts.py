"""Overview: how many customers stay, what changed, and why."""

from __future__ import annotations

import streamlit as st

from dashboard.view import view

st.write(view().build)

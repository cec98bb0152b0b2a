"""The pages that people look at, in Streamlit. They show what `reports` reads and says; no figure is computed here."""

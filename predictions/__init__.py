"""What customers will order and be worth: BG/NBD and gamma-gamma, as pure functions on arrays. Formulas and sources:
docs/predictions.md. Time is in weeks."""

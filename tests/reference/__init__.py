"""Independent calculation of the metric contract in plain Python, and a generator of nasty small shops."""

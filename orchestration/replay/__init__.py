"""How often the gate would have cried wolf: it is replayed over a shop's own past, day by day, from one build."""

"""The sample shop: a small one with a story, and a large one for benchmarks."""

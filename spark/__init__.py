"""A Spark cluster on this machine, for trying out and testing."""

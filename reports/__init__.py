"""What people read of the published file. It reads that file and nothing else, and computes no measure."""

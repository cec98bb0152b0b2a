"""Write the sample shop, or a large one for benchmarks.

    python sample_data/generate.py                            the sample shop, into sample_data/raw
    python sample_data/generate.py --orders 1000000 --out DIR a large shop, as typed Parquet
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shop.edge_cases import edge_cases
from shop.sample import write_sample

HERE = Path(__file__).resolve().parent


def main() -> int:
    raw = HERE / "raw"
    raw.mkdir(exist_ok=True)
    write_sample(raw, edge_cases())
    return 0


if __name__ == "__main__":
    sys.exit(main())

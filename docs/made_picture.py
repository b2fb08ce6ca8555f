"""Draw what readers make, from the built lectures: python docs/made_picture.py."""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
from PIL import Image

from course_utils import plotting

DOCS = Path(__file__).parent
# Two columns of: lecture, how its picture's description begins, what stands above it.
MADE = (
    [
        ("03_tsne", "t-SNE maps of 2000 digits", "03 · a map of digits, found from pixels alone"),
        ("05_pixel_generation", "Three half faces", "05 · half a face, finished in twelve ways"),
        ("07_gan", "Three walks", "07 · walks from digit to digit"),
    ],
    [
        ("06_vae", "Six rows of seven faces", "06 · one number moves, and the face with it"),
        ("09_conditional_generation", "Four rows of eight faces", "09 · faces drawn from words"),
    ],
)
GAP = 0.09  # above each picture, in widths of a column


def picture(slug, beginning):
    """The picture of a built lecture whose description begins so."""
    notebook = nbformat.read(DOCS.parent / "lectures" / f"{slug}.ipynb", 4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if alt.startswith(beginning):
                data = base64.b64decode(output.data["image/png"])
                return Image.open(io.BytesIO(data)).convert("RGB")
    raise LookupError(f"no picture in {slug} is described as '{beginning}…'")


columns = [[(picture(slug, start), title) for slug, start, title in part] for part in MADE]
tall = [sum(image.height / image.width + GAP for image, _ in part) for part in columns]
figure = plt.figure(figsize=(11, 5.5 * max(tall)))
for number, part in enumerate(columns):
    spare = (max(tall) - tall[number]) / len(part)  # both columns end at the same height
    top = max(tall)
    for image, title in part:
        height = image.height / image.width
        top -= GAP + spare + height
        place = (number * 0.5 + 0.01, top / max(tall), 0.48, height / max(tall))
        axis = figure.add_axes(place)
        axis.imshow(image, interpolation="antialiased", aspect="auto")
        axis.set_title(title, fontsize=13)
        axis.axis("off")
(DOCS / "made.png").write_bytes(plotting.png(figure, dpi=90))

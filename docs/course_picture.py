"""Draw the README's picture: python docs/course_picture.py (writes docs/course.png)."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import ConnectionPatch
from sklearn.manifold import Isomap
from torchvision.transforms.functional import InterpolationMode, rotate

from course_utils import datasets, plotting

digit = datasets.mnist("train", n=3)[0][2]
angles = np.random.default_rng(1).permutation(np.arange(0, 360, 2))
pictures = torch.cat([rotate(digit, float(a), InterpolationMode.BILINEAR) for a in angles])
codes = Isomap(n_neighbors=4).fit_transform(pictures.flatten(1).numpy())
codes /= np.abs(codes).max()

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))


def place(axis, picture, at):
    image = OffsetImage(picture.numpy(), zoom=1.05, cmap="gray_r")
    axis.add_artist(AnnotationBbox(image, at, frameon=False))


spots = [(x, y) for y in np.linspace(0.85, -0.85, 4) for x in np.linspace(-0.85, 0.85, 6)]
for picture, spot in zip(pictures, spots):
    place(left, picture, spot)
chosen = np.argsort(np.arctan2(codes[:, 1], codes[:, 0]))[::12]
right.scatter(*codes.T, s=5, color=plotting.DIGIT_COLOURS[0])
for i in chosen:
    place(right, pictures[i], 1.28 * codes[i])
right.text(0, 0, "the simple code,\nfound from\npictures alone", ha="center", va="center")
left.set_title("784 numbers each, in any order", fontsize=11)
right.set_title("one number each: the angle", fontsize=11)
for axis in (left, right):
    axis.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
    axis.axis("off")
left.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
ends = {"coordsA": "data", "coordsB": "data", "axesA": left, "axesB": right}
arrow = ConnectionPatch((1.05, 0), (-1.5, 0), **ends, arrowstyle="-|>", mutation_scale=22, lw=2)
figure.add_artist(arrow)
Path(__file__).with_name("course.png").write_bytes(plotting.png(figure, dpi=110))

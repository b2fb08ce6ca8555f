"""A point that is dragged over a map: the control behind `course_utils.widgets.plane`."""

from __future__ import annotations

import anywidget
import traitlets

_ESM = """
function render({ model, el }) {
  const map = document.createElement("div");
  map.className = "course-pad";
  map.tabIndex = 0;
  map.setAttribute("role", "slider");
  map.setAttribute("aria-label", model.get("label"));
  const picture = document.createElement("img");
  picture.draggable = false;
  picture.alt = model.get("label");
  picture.src = "data:image/png;base64," + model.get("map");
  const dot = document.createElement("div");
  dot.className = "course-pad-dot";
  map.append(picture, dot);
  el.append(map);

  const place = () => {
    const [x, y] = model.get("value");
    const [left, right, bottom, top] = model.get("bounds");
    dot.style.left = (100 * (x - left)) / (right - left) + "%";
    dot.style.top = (100 * (top - y)) / (top - bottom) + "%";
    map.setAttribute("aria-valuetext", x.toFixed(2) + ", " + y.toFixed(2));
  };
  const put = (x, y) => {
    const [left, right, bottom, top] = model.get("bounds");
    model.set("value", [
      Math.min(right, Math.max(left, x)),
      Math.min(top, Math.max(bottom, y)),
    ]);
    model.save_changes();
  };
  const follow = (event) => {
    const frame = map.getBoundingClientRect();
    const [left, right, bottom, top] = model.get("bounds");
    put(
      left + ((event.clientX - frame.left) / frame.width) * (right - left),
      top - ((event.clientY - frame.top) / frame.height) * (top - bottom),
    );
  };
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    follow(event);
  });
  map.addEventListener("pointermove", (event) => event.buttons && follow(event));
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      event.key
    ];
    if (!step) return;
    event.preventDefault();
    const [x, y] = model.get("value");
    const [left, right, bottom, top] = model.get("bounds");
    put(x + (step[0] * (right - left)) / 50, y + (step[1] * (top - bottom)) / 50);
  });
  model.on("change:value", place);
  place();
}
export default { render };
"""

_CSS = """
.course-pad { position: relative; width: 320px; cursor: crosshair; touch-action: none; }
.course-pad img { width: 100%; display: block; user-select: none; }
.course-pad-dot {
  position: absolute; width: 14px; height: 14px; margin: -9px 0 0 -9px;
  border: 2px solid white; outline: 2px solid black; border-radius: 50%; background: #d55e00;
  pointer-events: none;
}
"""


class Pad(anywidget.AnyWidget):
    """A map with a point on it that the reader drags, or moves with the arrow keys.

    Attributes
    ----------
    value : tuple of float
        Where the point is, (x, y).
    bounds : tuple of float
        What the map's edges stand for: left, right, bottom, top.
    map : str
        The map, a PNG in base64.
    label : str
        What the map shows, in words.
    """

    _esm = _ESM
    _css = _CSS
    value = traitlets.Tuple(traitlets.Float(), traitlets.Float()).tag(sync=True)
    bounds = traitlets.Tuple(*[traitlets.Float() for _ in range(4)]).tag(sync=True)
    map = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)

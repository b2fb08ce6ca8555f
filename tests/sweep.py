"""Move every control of a widget over its whole range.

A lecture's kernel runs this file as a last cell, so it needs nothing but the course's wheel.
"""

import gc
import html
import random
import re
import statistics
import time

import numpy as np
from matplotlib.text import Text as Lettering

from course_utils import training
from course_utils.widgets import Explorer, TextExplorer

TRIES = 3  # the quickest sweep counts
SECONDS = 0.1


def alive():
    """Return the widgets that the notebook has made, oldest first."""
    gc.collect()
    return [thing for thing in gc.get_objects() if type(thing) in (Explorer, TextExplorer)]


def values_of(control, texts):
    """Return what to try: a slider's range, every option, corners, edges and middle of a map."""
    if hasattr(control, "bounds"):
        left, right, bottom, top = control.bounds
        across, up = (left, (left + right) / 2, right), (bottom, (bottom + top) / 2, top)
        return [(x, y) for x in across for y in up]
    if hasattr(control, "options"):
        return list(control.options)
    if hasattr(control, "min"):
        whole = isinstance(control.value, int)
        places = np.linspace(control.min, control.max, 9)
        return sorted({round(place) if whole else float(place) for place in places})
    return list(texts)


def shown(widget):
    """Return what changes before the reader's eyes: the picture, those in a text, or the text."""
    if isinstance(widget, Explorer):
        return bytes(widget.image.value)
    return tuple(re.findall(r'src="[^"]*"', widget.text.value)) or widget.text.value


def wording(widget):
    """Return all words there are to read, in figures and in the text."""
    gc.collect()
    lettering = [
        thing.get_text() for thing in gc.get_objects() if issubclass(type(thing), Lettering)
    ]
    return " ".join(
        [*lettering, *([html.unescape(widget.text.value)] if hasattr(widget, "text") else [])]
    )


def move(control, value):
    """Put a control somewhere, with the same chance every time; return the seconds of work.

    Work is the processor's time, all threads added up, so other programs do not count.
    """
    training.seed_everything(0)
    began = time.process_time()
    control.value = value
    return time.process_time() - began


def sweep(widget, texts, bad):
    """Move each control alone, then all together; return a row for each control.

    ``texts`` holds what to type into each text control, ``bad`` what it should refuse and the
    words of the refusal. A row's ``faults`` says what went wrong.
    """
    rows = []
    for name, control in widget.controls.items():
        start, faults = control.value, []
        typed = texts.get(name, ())
        if isinstance(widget, TextExplorer):  # its chance is another one each time
            training.seed_everything(0)
            widget.update()
        first = shown(widget)
        others = [value for value in values_of(control, typed) if value != start]
        medians = []
        while len(medians) < TRIES and (not medians or medians[-1] >= SECONDS):
            pictures, seconds = [], []
            for value in [*others, start]:
                seconds.append(move(control, value))
                pictures.append(shown(widget))
            medians.append(statistics.median(seconds))
        if pictures[-1] != first:
            faults.append("back at its start, it does not show what it showed there")
        refused, refusal = bad.get(name, (None, ""))
        if refused:
            faults += ["refuses a good text"] * (refusal in wording(widget))
            move(control, refused)
            faults += [f"does not say '{refusal}'"] * (refusal not in wording(widget))
            move(control, start)
        distinct = len(set(pictures))
        if distinct < len(pictures):
            faults.append(f"{len(pictures)} values, only {distinct} pictures")
        if min(medians) >= SECONDS:
            faults.append(f"takes {min(medians):.3f} s")
        rows.append(
            {
                "widget": type(widget).__name__,
                "control": name,
                "answers": len(pictures),
                "distinct": distinct,
                "median ms": round(1000 * min(medians), 1),
                "slowest ms": round(1000 * max(seconds), 1),
                "faults": faults,
            }
        )
    chance, together = random.Random(0), set()
    for _ in range(5):
        for name, control in widget.controls.items():
            move(control, chance.choice(values_of(control, texts.get(name, ()))))
        together.add(shown(widget))
    if len(together) < 2:
        rows[0]["faults"].append("all controls at random: always the same picture")
    for button in [*widget.buttons.children] if isinstance(widget, Explorer) else [widget.again]:
        button.click()
    return rows

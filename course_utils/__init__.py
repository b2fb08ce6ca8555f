"""Shared helpers of the course *Simple Codes*.

Import the part you need: ``from course_utils import datasets, plotting, training``.
Importing the package itself loads nothing heavy, torch included.
"""

__version__ = "0.1.0"

"""Notebooks for tests, made of source text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, *cells: str, kernel: str = "python3") -> str:
    """Write a notebook of these code cells; return the file's name."""
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": kernel, "display_name": "Python 3", "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{index}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source.strip(),
            }
            for index, source in enumerate(cells)
        ],
    }
    path.write_text(json.dumps(notebook))
    return path.name

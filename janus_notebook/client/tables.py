"""Rows as a table for people: as text, and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from janus_notebook.texts import clean

__all__ = ["Table"]

CELL_CHARACTERS = 500


class Table:
    """A table that shows itself; the first row is its head.

    What is in it may come from anybody: it is shown as text, never as markup, on one line, and cut where it
    would push the rest of the table out of sight.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.rows = [tuple(clean(cell, CELL_CHARACTERS) for cell in row) for row in rows]

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self.rows
        )
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head, *body = self.rows
        cells = "".join(f"<th style='text-align:left'>{escape(cell)}</th>" for cell in head)
        lines = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in body
        )
        return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"

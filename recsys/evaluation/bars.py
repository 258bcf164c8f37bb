"""Bars as SVG, for pages and reports."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_BAR, _VALUE, _LINE, _GAP = 120, 60, 18, 34
"""Widths of the longest bar and the number behind it; height of a bar, and what lies between panels."""
_TOP = 34
_OURS, _OTHERS, _INK = "#c2410c", "#94a3b8", "#1e293b"


def bars(
    title: str,
    panels: Mapping[str, Mapping[str, float]],
    *,
    columns: int,
    first: str,
    digits: int = 0,
    label: int = 96,
) -> str:
    """Return panels of horizontal bars, so many a row; each panel has a scale of its own, `first` is in another colour.

    `digits` stand behind the point of a number; `label` is the width of the names, in pixels.
    """
    width = label + _BAR + _VALUE
    height = max(len(values) for values in panels.values()) * _LINE + _GAP
    rows = -(-len(panels) // columns)
    size = (columns * width + 20, _TOP + rows * height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{size[0]}" height="{size[1]}" fill="#fff"/>',
        f'<text x="10" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for index, (name, values) in enumerate(panels.items()):
        left, top = 10 + index % columns * width, _TOP + index // columns * height
        parts.append(f'<text x="{left}" y="{top + 12}" font-weight="bold">{escape(name)}</text>')
        most = max(values.values())
        for line, (word, value) in enumerate(values.items()):
            at = left + label, top + 18 + line * _LINE
            parts += _bar(at, word, value / most, f"{value:,.{digits}f}", is_first=word == first)
    return "\n".join([*parts, "</svg>\n"])


def _bar(at: tuple[int, int], label: str, share: float, value: str, *, is_first: bool) -> list[str]:
    start, top = at
    length, base = share * _BAR, top + 11
    return [
        f'<text x="{start - 6}" y="{base}" text-anchor="end">{escape(label)}</text>',
        f'<rect x="{start}" y="{top}" width="{length:.1f}" height="{_LINE - 4}" '
        f'fill="{_OURS if is_first else _OTHERS}"/>',
        f'<text x="{start + length + 4:.1f}" y="{base}">{value}</text>',
    ]

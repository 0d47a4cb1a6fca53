"""Curves as SVG, drawn from a run's figures; they read in a light and in a dark page."""

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 62, 150, 44, 44
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #3b4252 } .title { font-size: 14px; font-weight: 600 }
.axis { stroke: #8a93a6 } .grid { stroke: #8a93a6; stroke-opacity: .25 } path { fill: none; stroke-width: 2 }
.c0 { stroke: #1f6feb } .c1 { stroke: #c2410c } .c2 { stroke: #15803d } .c3 { stroke: #9333ea }
circle { stroke: none } circle.c0 { fill: #1f6feb } circle.c1 { fill: #c2410c } circle.c2 { fill: #15803d }
circle.c3 { fill: #9333ea }
@media (prefers-color-scheme: dark) { text { fill: #d5dae5 } .c0 { stroke: #79b0ff } .c1 { stroke: #fb923c }
.c2 { stroke: #4ade80 } .c3 { stroke: #c084fc } circle.c0 { fill: #79b0ff } circle.c1 { fill: #fb923c }
circle.c2 { fill: #4ade80 } circle.c3 { fill: #c084fc } }
"""


def draw(title: str, axes: tuple[str, str], curves: Mapping[str, Points]) -> str:
    """A chart whose x values stand at even distances, each under its own name; y begins at 0."""
    columns = sorted({x for points in curves.values() for x, _ in points})
    top = _round_up(max(y for points in curves.values() for _, y in points))
    parts = [f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>', *_frame(columns, top, axes)]
    for number, (name, points) in enumerate(curves.items()):
        places = [(_x(columns.index(x), len(columns)), _y(y, top)) for x, y in points]
        line = " ".join(f"{'L' if count else 'M'}{x:.1f} {y:.1f}" for count, (x, y) in enumerate(places))
        parts.append(f'<path class="c{number}" d="{line}"/>')
        parts += [f'<circle class="c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
        parts += _key(number, name)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return f'{head} aria-label="{escape(title)}">\n<style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"


def _frame(columns: Sequence[float], top: float, axes: tuple[str, str]) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<text x="{LEFT}" y="{TOP - 8}">{escape(axes[1])}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _y(top * share, top)
        parts.append(
            f'<line class="{"grid" if share else "axis"}" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * share:,g}</text>')
    for number, column in enumerate(columns):
        x = _x(number, len(columns))
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{short(column)}</text>')
    middle = (LEFT + right) / 2
    return [*parts, f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(axes[0])}</text>']


def _key(number: int, name: str) -> list[str]:
    y = TOP + 8 + 20 * number
    x = WIDTH - RIGHT + 14
    return [
        f'<line class="c{number}" stroke-width="2" x1="{x}" x2="{x + 16}" y1="{y}" y2="{y}"/>',
        f'<text x="{x + 22}" y="{y + 4}">{escape(name)}</text>',
    ]


def short(number: float) -> str:
    for size, letter in ((1_000_000, " M"), (1000, " k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _x(column: int, columns: int) -> float:
    return LEFT + 20 + column * (WIDTH - LEFT - RIGHT - 40) / max(columns - 1, 1)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 6, 8 and 10 times a power of ten."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value)

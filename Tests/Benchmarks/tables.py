"""Figures as people read them."""


def figure(value):
    """Three digits that count."""
    if value is None:
        return "-"
    for digits, limit in ((2, 10), (1, 100)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def times(value, reference):
    """How many times our figure a peer's is."""
    return "" if value is None or not reference else f" ({value / reference:.1f}x)"


def table(title, columns, rows):
    """Prints rows of text: the first column to the left, the others to the right."""
    lines = [["", *columns], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns) + 1)]
    print(f"\n{title}")
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]
        print("  ".join(cells).rstrip(), flush=True)

"""The visual language in one place: colours of both themes, type and spacing, as CSS variables.

Kinds keep the colours of the pictures (`monitor.plots.colours`, Okabe and Ito 2008), which colour-blind people can
tell apart. Where a kind or a state is text, the darker or lighter ink beside it is used: at least 4.5 : 1 on its
ground (WCAG 2.2, 1.4.3). Nothing is said by colour alone.
"""

from collections.abc import Mapping

SHARED = {
    "font": '"Roboto", system-ui, -apple-system, "Segoe UI", sans-serif',
    "mono": 'ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", Consolas, monospace',
    "text-s": "0.8125rem",
    "text-m": "0.9375rem",
    "text-l": "1.125rem",
    "text-xl": "1.5rem",
    "space-1": "0.25rem",
    "space-2": "0.5rem",
    "space-3": "0.75rem",
    "space-4": "1rem",
    "space-5": "1.5rem",
    "space-6": "2.25rem",
    "radius": "10px",
    "radius-s": "6px",
    "cloud": "#56b4e9",
    "shadow": "#cc79a7",
    "anomaly": "#d55e00",
    "appeared": "#e69f00",
    "vanished": "#0072b2",
}

LIGHT = {
    "paper": "#f6f5f1",
    "surface": "#ffffff",
    "sunken": "#eeece6",
    "line": "#dcd9d0",
    "edge": "#8a867b",
    "ink": "#20262b",
    "muted": "#5a6268",
    "accent": "#0b5d66",
    "on-accent": "#ffffff",
    "accent-soft": "#dceceb",
    "focus": "#0b5d66",
    "high": "#a63c00",
    "high-soft": "#fbe6d9",
    "medium": "#7a5200",
    "medium-soft": "#f9edcf",
    "low": "#5a6268",
    "low-soft": "#eceae4",
    "good": "#0c6340",
    "good-soft": "#dcefe5",
    "bad": "#a3242a",
    "bad-soft": "#f9e1e0",
    "cloud-ink": "#0b5b8a",
    "shadow-ink": "#93376b",
    "anomaly-ink": "#a63c00",
}

DARK = {
    "paper": "#14181b",
    "surface": "#1c2125",
    "sunken": "#252b30",
    "line": "#343c42",
    "edge": "#7f8a92",
    "ink": "#e8e6e0",
    "muted": "#a5aeb4",
    "accent": "#6fc7c4",
    "on-accent": "#0c2022",
    "accent-soft": "#1d3b3d",
    "focus": "#8fdcd8",
    "high": "#ff9d66",
    "high-soft": "#44271a",
    "medium": "#ecc25b",
    "medium-soft": "#3b3119",
    "low": "#a5aeb4",
    "low-soft": "#2b3237",
    "good": "#7fd3a6",
    "good-soft": "#1b3a2b",
    "bad": "#ff9a94",
    "bad-soft": "#452422",
    "cloud-ink": "#7cc8f5",
    "shadow-ink": "#e6a4cb",
    "anomaly-ink": "#ff9d66",
}


def variables(values: Mapping[str, str]) -> str:
    """Tokens as CSS declarations."""
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def style_sheet() -> str:
    """All tokens as CSS; `data-theme` on the root element chooses the theme."""
    return (
        f":root {{ color-scheme: light; {variables(SHARED | LIGHT)} }}\n"
        f':root[data-theme="dark"] {{ color-scheme: dark; {variables(DARK)} }}\n'
    )


def css(name: str) -> str:
    """A token for a chart; raises KeyError for one that there is not."""
    if name not in SHARED | LIGHT:
        raise KeyError(name)
    return f"var(--{name})"

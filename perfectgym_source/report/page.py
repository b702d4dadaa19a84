"""The report as HTML: parts that the app shows too, and one file with all of them.

Charts are drawn as SVG within the page: it needs no script, no font and no image from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import vl_convert

from ..destination.duckdb.replacement import write_text
from ..errors import ConfigurationError, PerfectGymError
from .figures import Headline
from .reading import PublishedMarts
from .sections import GROUPS, LOAD, Figures, Section, read_each_currency
from .words import UNKNOWN, count, month_name, percent

_LOADS_ALL = f"<code>{LOAD}</code> loads all that the marts read."

STYLE = """
.pg { font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: inherit }
.pg h1 { font-size: 1.5rem; font-weight: 650; margin: 0 }
.pg h2 { font-size: 1.15rem; font-weight: 650; margin: 1.6rem 0 .6rem }
.pg h3 { font-size: 1rem; font-weight: 650; margin: 0 }
.pg p { margin: 0 }
.pg .quiet { opacity: .72; font-size: .82rem }
.pg .grid { display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)) }
.pg h1 + p { margin-bottom: .8rem }
.pg .tiles { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)) }
.pg figure, .pg .tile { margin: 0; padding: .8rem .9rem; border-radius: .5rem; min-width: 0;
  border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  background: color-mix(in srgb, currentColor 3%, transparent) }
.pg figure { display: flex; flex-direction: column; gap: .5rem }
.pg figure svg { width: 100%; height: auto; max-width: 34rem; margin: auto; overflow: visible }
.pg figure .mart { margin-top: auto; font-size: .75rem; opacity: .6 }
.pg figure .mart code { font-size: inherit }
.pg figure.wide { grid-column: 1 / -1 }
.pg .wide .chart { overflow-x: auto }
.pg .wide svg { max-width: none; min-width: 50rem }
.pg .nothing { margin: auto; padding: 2rem 1rem; text-align: center; opacity: .72 }
.pg .tile .quiet { font-size: .78rem }
.pg code { white-space: nowrap }
.pg .value { font-size: 1.35rem; font-weight: 650; line-height: 1.25; white-space: nowrap }
"""
"""The style of what stands in an element of the class `pg`; colors come from the page around."""

_PAGE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2328 }
@media (prefers-color-scheme: dark) { :root { --paper: #15191d; --ink: #e3e7ea } }
body { margin: 0; padding: 1.2rem; background: var(--paper); color: var(--ink) }
main { max-width: 82rem; margin: auto }
@media print { .pg figure, .pg .tile { break-inside: avoid } body { padding: 0 } }
"""


def write(marts: PublishedMarts, file: Path) -> Figures:
    """Write the report into a file, and return its figures.

    Args:
        marts: The marts.
        file: The file; an older one is replaced.

    Raises:
        ConfigurationError: There are no marts, or the file cannot be written.
        PerfectGymError: The destination cannot be read.
    """
    if not file.absolute().parent.is_dir():
        raise ConfigurationError(f"There is no folder {file.parent} for --html")
    reports = read_each_currency(marts)
    text = html_page(reports, datetime.now().astimezone())
    write_text(file, text)
    return reports[0]


def html_page(reports: Sequence[Figures], written: datetime) -> str:
    """Return the report as one HTML page.

    Args:
        reports: The figures, once for each currency.
        written: The time to name.
    """
    first = reports[0]
    body = [heading(first, f" Written {written:%Y-%m-%d %H:%M %Z}.")]
    if first.filters is None:
        body.append(nothing_complete())
    else:
        body += [headline_tiles(reports), *(group(name, reports) for name in GROUPS)]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(title(first))}</title>\n<style>{_PAGE}{STYLE}</style>\n</head>\n"
        f'<body>\n<main class="pg">\n{"".join(body)}\n</main>\n</body>\n</html>\n'
    )


def title(report: Figures) -> str:
    """Return the title of a report."""
    if report.filters is None:
        return "Gym report"
    return f"Gym report, {month_name(report.filters.end)}"


def scope(report: Figures) -> str:
    """Return what a report is about: clubs, months, currency, and where it is from."""
    by = report.filters
    if by is None:
        return report.place
    names = [report.choices.clubs.get(key, key) for key in by.clubs]
    months = " to ".join(dict.fromkeys((month_name(by.start), month_name(by.end))))
    currency = [f"amounts in {by.currency}"] if by.currency else []
    return "; ".join([", ".join(names) or "All clubs", months, *currency, f"from {report.place}"])


def nothing_complete() -> str:
    """Return what stands in the place of charts before the first month is over, or where nothing of
    a month was loaded."""
    return (
        '<p class="nothing">There is no complete month yet: the charts begin with the first '
        f"one. {_LOADS_ALL}</p>"
    )


def problem(error: PerfectGymError) -> str:
    """Return what stands in the place of charts that cannot be shown."""
    return f'<p class="nothing">{escape(str(error))}</p>'


def style() -> str:
    """Return the element that the other parts need once on their page."""
    return f"<style>{STYLE}</style>"


def part(text: str) -> str:
    """Return a part of the report for a page of others."""
    return f'<div class="pg">{text}</div>'


def heading(report: Figures, more: str = "") -> str:
    """Return the title, with what the report is about.

    Args:
        report: The figures.
        more: What to say besides.
    """
    return (
        f"<h1>{escape(title(report))}</h1>"
        f'<p class="quiet">{escape(scope(report))}.{escape(more)}</p>'
    )


def headline_tiles(reports: Sequence[Figures]) -> str:
    """Return the figures of the last month; those that are amounts for each currency."""
    tiles = [
        _tile(headline, report.currency, report.month_before)
        for index, report in enumerate(reports)
        for headline in report.headlines
        if headline.unit == "money" or not index
    ]
    return _grid(tiles, "tiles")


def group(name: str, reports: Sequence[Figures]) -> str:
    """Return the charts under a heading; those of amounts for each currency.

    Args:
        name: One of the headings of `GROUPS`.
        reports: The figures, once for each currency.
    """
    panels = [
        panel(section, report, index)
        for section in GROUPS[name]
        for index, report in enumerate(reports)
        if section.is_money or not index
    ]
    return f"<h2>{escape(name)}</h2>{_grid(panels)}"


def panel(section: Section, report: Figures, index: int) -> str:
    """Return a chart with its title and the name of its mart.

    Args:
        section: The section.
        report: The figures.
        index: Tells several charts of a section on one page apart.
    """
    rows = report.rows[section.name]
    name = f"{section.name}{index or ''}"
    currency = f" ({report.currency})" if section.is_money and report.currency else ""
    if section.has_values(rows):
        drawn = f'<div class="chart">{svg(section.chart(rows, report.currency), name)}</div>'
    else:
        is_all = report.filters is not None and not report.filters.clubs
        missing = _LOADS_ALL if is_all else ""
        drawn = f'<p class="nothing">Nothing to show. {missing}</p>'
    kind = "wide" if section.is_wide else ""
    return (
        f'<figure id="{name}" class="{kind}"><figcaption>'
        f"<h3>{escape(section.title + currency)}</h3>"
        f'<p class="quiet">{escape(section.text)}</p></figcaption>{drawn}'
        f'<p class="mart">Mart: <code>{section.mart}</code></p></figure>'
    )


def svg(chart: alt.TopLevelMixin, name: str) -> str:
    """Return a chart as an element of an HTML page.

    Args:
        chart: The chart.
        name: What its ids begin with: those of all charts of a page have to differ.
    """
    # Without the namespace, its elements have plain names; HTML knows that they are SVG.
    text: str = vl_convert.vegalite_to_svg(chart.to_dict())
    root = ElementTree.fromstring(text.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
    for size in ("width", "height", "version", "class"):
        root.attrib.pop(size, None)
    root.set("role", "img")
    for element in list(root.iter()):
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))
        if element.get("role") == "graphics-symbol" and element.tag != "g":
            # What browsers show when the pointer rests on a mark.
            ElementTree.SubElement(element, "title").text = element.get("aria-label")
    return ElementTree.tostring(root, encoding="unicode")


def _grid(parts: Iterable[str], kind: str = "") -> str:
    return f'<div class="grid {kind}">{"".join(parts)}</div>'


def _tile(headline: Headline, currency: str, before: str) -> str:
    return (
        f'<div class="tile"><p class="quiet">{escape(headline.label)}</p>'
        f'<p class="value">{escape(_value(headline, currency))}</p>'
        f'<p class="quiet">{escape(_change(headline, before))}</p></div>'
    )


def _value(headline: Headline, currency: str) -> str:
    if headline.value is None:
        return UNKNOWN
    if headline.unit == "money":
        return f"{round(headline.value):,} {currency}".strip()
    return percent(headline.value) if headline.unit == "rate" else count(headline.value)


def _change(headline: Headline, before: str) -> str:
    """Return the change since the month before, which has that name."""
    if headline.value is None or headline.before is None:
        return f"{before}: not known"
    change = headline.value - headline.before
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    if headline.unit == "rate":
        return f"{sign}{abs(change) * 100:.1f} points since {before}"
    text = f"{round(abs(change)):,}"
    part = f" ({sign}{percent(abs(change / headline.before))})" if headline.before else ""
    return f"{sign}{text}{part} since {before}"

"""The report as HTML: complete by itself, safe with any names, readable in light and dark."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.mart_figures import Counted
from support.mart_tables import MONTHS, Rows, database, made_up, marts_in

from perfectgym_source.report import drawing, page, sections
from perfectgym_source.report.reading import PublishedMarts
from perfectgym_source.report.words import count, month_name, percent

WRITTEN = datetime(2026, 2, 3, 4, 5, tzinfo=timezone.utc)
SECTIONS = [section for group in sections.GROUPS.values() for section in group]
VOID = {"meta", "link", "br", "img", "input"}


class Elements(HTMLParser):
    """The elements of a page, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def text(marts_file: Path) -> str:
    return page.html_page(sections.read_each_currency(marts_in(marts_file)), WRITTEN)


def test_it_needs_nothing_from_elsewhere(text: str) -> None:
    elements = Elements(text)
    assert not {tag for tag, _ in elements.found} & {"script", "link", "img", "iframe", "object"}
    for _, attributes in elements.found:
        assert not attributes.keys() & {"src", "href", "xlink:href", "srcset", "action"}
        assert not [name for name in attributes if name.startswith("on")]
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    # What charts refer to is in them.
    referred = set(re.findall(r"url\(([^)]*)\)", text))
    assert referred
    assert all(f'id="{reference[1:]}"' in text for reference in referred)
    assert "default-src 'none'" in text


def test_every_section_has_a_chart_its_mart_and_its_own_ids(text: str) -> None:
    ids = Counter(attributes.get("id") for _, attributes in Elements(text).found)
    del ids[None]
    assert set(ids.values()) == {1}
    assert {section.name for section in SECTIONS} <= ids.keys()
    assert text.count("<svg") == len(SECTIONS)
    for section in SECTIONS:
        assert f"Mart: <code>{section.mart}</code>" in text


def test_text_has_the_color_of_the_page_so_that_it_fits_light_and_dark(text: str) -> None:
    elements = [entry for entry in Elements(text).found if entry[0] == "text"]
    assert {attributes.get("fill") for _, attributes in elements} == {"currentColor"}
    assert "prefers-color-scheme: dark" in text
    # Neither white nor black stands behind or in a chart.
    colors = set(re.findall(r'(?:fill|stroke)="(#?\w+)"', text))
    assert not colors & {"black", "white", "#000", "#fff", "#000000", "#ffffff", "#888", "#ddd"}


@pytest.mark.parametrize("color", ["BLUE", "ORANGE", "GREEN", "RED", "PURPLE", "TEAL", "GREY"])
def test_colors_can_be_told_from_both_backgrounds(color: str) -> None:
    def luminance(value: str) -> float:
        parts = [int(value[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])

    own = luminance(getattr(drawing, color))
    for background in ("#ffffff", "#15191d"):
        low, high = sorted((own, luminance(background)))
        assert (high + 0.05) / (low + 0.05) >= 3


def test_the_pointer_shows_the_figures_of_the_marts(text: str, rows: Rows) -> None:
    shown = [attributes.get("aria-label") for _, attributes in Elements(text).found]
    by_hand = Counted(rows, MONTHS[1], MONTHS[-2])
    for month, members in by_hand.monthly("kpi_club_month", "members_end").items():
        assert f"{month_name(month)}: members {count(members)}" in shown
    for month, mrr in by_hand.monthly("fct_mrr_month", "mrr_end").items():
        assert f"{month_name(month)}: MRR {mrr:,.2f} EUR" in shown
    kinds = dict(rows["dim_class_type"])
    for name, fill in by_hand.fill(lambda row: kinds[row["class_type_key"]]).items():
        assert any(label and label.startswith(f"{name}: {percent(fill)} in ") for label in shown)
    titles = re.findall(r"<title>([^<]*)</title>", text)
    assert len(titles) > 300
    assert f"<title>{month_name(MONTHS[-2])}: members " in text


def test_names_are_text_whatever_they_hold(tmp_path: Path) -> None:
    rows = made_up()
    evil = "<script>alert(1)</script>\"'&\\x"
    # The library that draws would end the process at characters that XML cannot hold.
    controls = "\x1b[31m\ufffe\uffff"
    rows["dim_class_type"] = [(key, f"{evil}{key}{controls}") for key, _ in rows["dim_class_type"]]
    rows["dim_instructor"] = [(key, evil) for key, _ in rows["dim_instructor"]]
    rows["dim_club"] = [(key, evil, "<b>", False) for key, *_ in rows["dim_club"]]
    marts = marts_in(database(tmp_path / "gym.duckdb", rows))
    found = [sections.read(marts, clubs=("a|1",), currency=currency) for currency in ("<b>", "EUR")]
    elements = Elements(page.html_page(found, WRITTEN))
    assert not {tag for tag, _ in elements.found} & {"script", "b"}
    assert any(evil in text for text in elements.texts)


def test_amounts_stand_once_for_each_currency(tmp_path: Path) -> None:
    rows = made_up(currencies=("EUR", "CHF", "EUR", "CHF"))
    rows["fct_fee"] = [row for row in rows["fct_fee"] if row[0]]
    marts = marts_in(database(tmp_path / "gym.duckdb", rows))
    text = page.html_page(sections.read_each_currency(marts), WRITTEN)
    assert text.count("Monthly recurring revenue (EUR)") == 1
    assert text.count("Monthly recurring revenue (CHF)") == 1
    assert text.count("<h3>Members</h3>") == 1
    assert text.count('<p class="quiet">MRR</p>') == 2
    # The file is named, the folders of the machine are not.
    assert "from gym.duckdb" in text and str(tmp_path) not in text


def empty_except(**kept: Any) -> Rows:
    return {**{name: [] for name in made_up()}, **kept}


def test_what_is_not_loaded_has_no_chart_but_what_to_load(tmp_path: Path) -> None:
    rows = made_up()
    none = [(*row[:2], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, True) for row in rows["kpi_club_month"]]
    kept = {name: rows[name] for name in ("dim_club", "dim_class_type", "fct_class", "fct_visit")}
    marts = marts_in(database(tmp_path / "a.duckdb", empty_except(kpi_club_month=none, **kept)))
    text = page.html_page(sections.read_each_currency(marts), WRITTEN)
    assert text.count("<svg") == 4
    assert text.count("Nothing to show.") == len(SECTIONS) - 4
    assert "<code>perfectgym load marts</code>" in text


def test_before_the_first_complete_month_there_is_a_page_that_says_so(tmp_path: Path) -> None:
    marts = marts_in(database(tmp_path / "a.duckdb", empty_except()))
    text = page.html_page(sections.read_each_currency(marts), WRITTEN)
    assert "There is no complete month yet" in text and "perfectgym load marts" in text
    Elements(text)


def test_every_chart_draws_one_row_and_months_without_a_value(marts: PublishedMarts) -> None:
    full = sections.read(marts)
    for section in SECTIONS:
        first = full.rows[section.name][0]
        rows = [first]
        if section.name in ("members", "churn", "mrr"):
            unknown: dict[str, Any] = dict.fromkeys(first)
            rows.append({**unknown, "month": MONTHS[-1]})
        assert "<svg" in page.svg(section.chart(rows, ""), "x")


def test_a_pipe_and_the_target_of_a_link_are_written_and_stay(
    marts: PublishedMarts, tmp_path: Path
) -> None:
    target, link, pipe = tmp_path / "target.html", tmp_path / "link.html", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    page.write(marts, link)
    assert link.is_symlink()
    assert "<svg" in target.read_text(encoding="utf-8")
    os.mkfifo(pipe)
    copy = tmp_path / "copy"
    with open(copy, "w") as output, subprocess.Popen(["cat", str(pipe)], stdout=output):
        page.write(marts, pipe)
    assert "<svg" in copy.read_text(encoding="utf-8")
    assert pipe.is_fifo()


def test_the_app_shows_every_group() -> None:
    app = Path(page.__file__).with_name("app.py").read_text(encoding="utf-8")
    assert re.findall(r'page\.group\("(.*?)"', app) == list(sections.GROUPS)

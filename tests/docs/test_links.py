"""Every link of the documentation leads somewhere."""

from __future__ import annotations

import re

import pytest
from support.pages import PROSE, ROOT


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links(text: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`", "code", text)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", PROSE)
def test_every_link_to_a_file_or_heading_resolves(page: str) -> None:
    folder = (ROOT / page).parent
    for link in _links(PROSE[page]):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_the_readme_links_every_page() -> None:
    linked = set(_links(PROSE["README.md"]))
    assert {page for page in PROSE if page != "README.md"} <= linked


def test_the_readme_is_short() -> None:
    assert len(PROSE["README.md"].splitlines()) < 250

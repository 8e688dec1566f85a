"""A real browser, and what it saw of a page: requests, complaints, pictures, overflow."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
SCREENSHOTS = ROOT / "screenshots"
"""What the last run saw; git ignores it."""


class Visit:
    """A page that is open, and what it asked for and complained of."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._home = (home, "data:", "blob:")
        page.on("request", lambda request: self._asked(request.url))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def _asked(self, url: str) -> None:
        if not url.startswith(self._home):
            self.strangers.append(url)

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def settle(self) -> None:
        """Wait until every picture is drawn."""
        expect(self.page.locator("script[data-packed]")).to_have_count(0)
        expect(self.page.locator(".plot:not(:has(.main-svg))")).to_have_count(0)

    def unfold(self) -> None:
        """Open each section that a phone folds, as its reader would."""
        for section in self.page.locator(".fold:not([open]) > summary").all()[::-1]:
            section.click()
        expect(self.page.locator(".fold:not([open])")).to_have_count(0)
        expect(self.page.locator(".picture:empty:visible")).to_have_count(0)
        self.settle()

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, its background networking off."""
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        found = find_chromium()
        if found is None:
            raise SystemExit("there is no Chromium here: apt-get install chromium")
        running = playwright.chromium.launch(executable_path=found, args=quiet)
        yield running
        running.close()


@contextmanager
def visit(
    browser: Browser, url: str, width: int = 1440, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Visit]:
    """Open a page in a window of this width."""
    page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    home = url.partition("#")[0] if url.startswith("file:") else "/".join(url.split("/")[:3])
    seen = Visit(page, home)
    page.goto(url)
    seen.settle()
    yield seen
    page.close()


def as_url(file: Path) -> str:
    return file.resolve().as_uri()

"""docs/page.png, which the README shows: the page of the demo. `make picture` takes it again."""

import datetime as dt
import tempfile
from pathlib import Path

from sparkify.ask.report import gather, render
from sparkify.engines.duckdb import DuckDB
from sparkify.load.checks import check_everything
from sparkify.load.tables import create_tables
from sparkify.simulate.service import Options, simulate
from tests.browser import ROOT, as_url, chromium, visit
from tests.builders import etl

MORNING = dt.datetime(2026, 1, 31, 8)
"""When the page is opened: after the last night of the demo."""
SIZE = {"x": 0, "y": 0, "width": 1280, "height": 1180}


def take(file: Path) -> None:
    """Make the demo's data, load it, and photograph the top of its page."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        simulate(folder / "music", Options(), lambda *_: None)
        engine = DuckDB(str(folder / "sparkify.duckdb"))
        create_tables(engine)
        etl(engine, folder / "music")
        page = folder / "page.html"
        page.write_text(render(gather(engine, lambda: check_everything(engine), MORNING)), encoding="utf-8")
        engine.close()
        with visit(browser, as_url(page), SIZE["width"]) as seen:
            seen.page.clock.set_fixed_time(MORNING)
            seen.page.reload()
            seen.settle()
            seen.page.screenshot(path=file, full_page=True, clip=SIZE)


if __name__ == "__main__":
    take(ROOT / "docs" / "page.png")

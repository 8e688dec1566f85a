"""docs/page.png, which the README shows: the report of a generated month. `make picture` takes it again."""

import datetime as dt
import tempfile
from pathlib import Path

from sparkify.ask.report import gather, render
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_warehouse
from sparkify.load.tables import create_tables
from sparkify.simulate.service import Options, simulate
from tests.browser import ROOT, as_url, chromium, visit
from tests.builders import etl

SIZE = {"x": 0, "y": 0, "width": 1280, "height": 1515}


def take(file: Path) -> None:
    """Make the demo's data, up to yesterday, load it, and photograph the top of its page."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        simulate(folder / "music", Options(start=now.date() - dt.timedelta(days=30)), lambda *_: None)
        engine = DuckDB(str(folder / "sparkify.duckdb"))
        create_tables(engine)
        etl(engine, folder / "music")
        page = folder / "page.html"
        page.write_text(render(gather(engine, lambda: check_warehouse(engine), now)), encoding="utf-8")
        engine.close()
        with visit(browser, as_url(page), SIZE["width"]) as seen:
            seen.page.screenshot(path=file, full_page=True, clip=SIZE)


if __name__ == "__main__":
    take(ROOT / "docs" / "page.png")

"""The dashboard: it answers while others write, to its own name only, and writes nothing raw."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sparkify.ask.live import Live
from sparkify.ask.questions import ask, find_question, list_questions
from sparkify.ask.short_session import ShortSession
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import BusyError
from sparkify.load.checks import check_everything
from sparkify.load.tables import create_tables
from tests.browser import visit
from tests.builders import Source, etl, play
from tests.clusters import Cluster
from tests.serving import Served, serving
from tests.test_page import HOSTILE
from tests.test_processes import COMMAND, big_source, finish, start
from tests.test_report import fill
from tests.torture import survived, times


@pytest.fixture
def served(source: Source, tmp_path: Path) -> Iterator[Served]:
    """The dashboard of a small warehouse, `sparkify.duckdb` in `tmp_path`."""
    fill(source, days=9)
    source.log(play(0, song=HOSTILE, artist=HOSTILE, sessionId=9), HOSTILE, day="2018-10-31")
    code, _, err = finish(start("etl", "--source", "music", cwd=tmp_path))
    assert code == 0, err
    with serving(tmp_path, "--wait", "50") as dashboard:
        yield dashboard


def test_every_question_has_a_page_a_csv_and_its_sql(served: Served) -> None:
    for question in list_questions():
        status, html, _ = served.get(f"/ask/{question.name}")
        csv_status, csv, headers = served.get(f"/ask/{question.name}.csv")

        assert (status, csv_status) == (200, 200)
        assert "The SQL" in html
        assert csv.splitlines()[0].count(",") >= 1
        assert headers["Content-Disposition"] == f'attachment; filename="{question.name}.csv"'


def test_a_question_takes_its_values_from_the_address(served: Served) -> None:
    whole = served.get("/ask/plays_by_day.csv")[1].splitlines()
    part = served.get("/ask/plays_by_day.csv?from=2018-11-02&to=2018-11-03&level=paid")[1].splitlines()
    two = served.get("/ask/most_played_songs.csv?limit=2")[1].splitlines()

    assert len(whole) == 10
    assert [line.split(",")[0].strip(chr(34)) for line in part[1:]] == ["2018-11-02", "2018-11-03"]
    assert len(two) == 3


def test_rejects_take_their_values_from_the_address_and_are_a_csv_too(served: Served) -> None:
    html = served.get("/rejects?limit=1")[1]
    own = served.get("/rejects?run=1")[1]

    assert html.count("<tr><td") == 1
    assert "raw text" not in html
    assert "Their text may name a listener" in html
    assert 'href="/ask/rejects.csv?limit=1"' in html
    assert "Rejects of run 1" in own
    assert own.count("<tr><td") >= 1


def test_what_is_cut_is_said_and_the_whole_is_one_click_away(served: Served) -> None:
    cut = served.get("/ask/most_played_songs?limit=1&level=paid")[1]
    whole = served.get("/ask/most_played_songs?limit=5")[1]
    everything = served.get("/ask/most_played_songs.csv?level=paid")[1].splitlines()

    assert cut.count("<tr><td") == 1
    assert "There are more rows than this." in cut
    assert 'href="/ask/most_played_songs.csv?level=paid"' in cut
    assert "There are more rows" not in whole
    assert len(everything) > 2
    assert served.get("/healthz")[:2] == (200, served.get("/newest")[1])


def test_nonsense_is_one_sentence(served: Served) -> None:
    for path, status, words in (
        ("/ask/most_plaid_songs", 404, "Did you mean most_played_songs?"),
        ("/ask/plays_by_day?from=yesterday", 400, "is not a day like"),
        ("/ask/plays_by_day?from=2018-11-02&to=2018-11-01", 400, "there is no such day"),
        ("/ask/plays_by_day?level=gold", 400, "is not paid or free"),
        ("/rejects?run=1%20OR%201=1", 400, "is not a number"),
        ("/rejects?run=2", 400, "there is no run 2"),
        ("/nowhere", 404, "There is no such page"),
        ("/static/..%2Fnav.html.j2", 404, "There is no such page"),
    ):
        found, html, _ = served.get(path)

        assert (found, words in html) == (status, True), path
        assert "Traceback" not in html


def test_it_only_reads_and_only_under_its_own_name(served: Served) -> None:
    assert served.get("/", host="evil.example")[0] == 400
    assert served.get("/newest", host="evil.example:80")[0] == 400
    assert served.get("/newest", host="localhost:80")[0] == 200
    assert {served.get("/", method=method)[0] for method in ("POST", "PUT", "DELETE")} == {405}
    policy = served.get("/")[2]["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "script-src" not in policy


def test_what_the_app_wrote_is_escaped_on_every_page(served: Served, tmp_path: Path) -> None:
    hostile = "/ask/plays_by_day?level=%22%3E%3Cscript%3E"
    for path in ("/", "/rejects", "/ask/most_played_songs", "/ask/rejects", hostile):
        html = served.get(path)[1]

        assert "<script>document.title" not in html
        assert "<img src=x" not in html
        assert '"><script>' not in html
    with serving(tmp_path, "--names") as named:
        found = named.get("/rejects")[1]
    assert "&lt;/script&gt;&lt;script&gt;document.title" in found
    assert found.count('raw"') == found.count("<tr><td") > 0


def test_the_pages_in_a_browser(served: Served, browser: Any) -> None:
    for path, name in (
        ("/", "page"), ("/ask", "questions"), ("/ask/plays_by_day", "by-day"), ("/rejects?run=1", "rejects"),
        ("/ask/most_played_songs?limit=5", "songs"), ("/runs", "runs"),
        ("/ask/plays_by_weekday_and_hour", "week"), ("/ask/signups_by_week", "signups"),
    ):  # fmt: skip
        for width in (1440, 390):
            with visit(browser, served.url + path, width) as seen:
                seen.screenshot(f"dashboard-{name}-{width}")
                assert (seen.strangers, seen.complaints, seen.overflow()) == ([], [], 0), path
                if "/ask/" in path:
                    marks = ("point", "bars li", "lines path", "hm image")
                    assert seen.page.locator(", ".join(f"#answer .{mark}" for mark in marks)).count() > 0


def test_the_page_loads_again_when_a_run_is_published(
    served: Served,
    browser: Any,
    source: Source,
    tmp_path: Path,
) -> None:
    with visit(browser, served.url) as seen:
        seen.page.click("button[data-period='all']")
        before = seen.text("#cards .value")
        source.log(*(play(n, sessionId=77) for n in range(5)), day="2018-11-20")
        assert finish(start("etl", "--source", "music", cwd=tmp_path))[0] == 0

        expect(seen.page.locator("#cards .value").first).not_to_have_text(before, timeout=60_000)

        assert int(seen.text("#cards .value")) == int(before) + 5


def test_a_load_and_a_dashboard_do_not_hold_each_other_up(served: Served, tmp_path: Path) -> None:
    served.get("/")
    loads = times(1, 30)
    for run in range(loads):
        more = f"more{run}"
        big_source(Source(tmp_path / more), days=12)
        loading = start("etl", "--source", more, "--wait", "50", cwd=tmp_path)
        found = []
        while loading.poll() is None:
            found += [served.get("/")[0], served.get("/newest")[0], served.get("/ask/plays_by_hour")[0]]
            time.sleep(0.05)

        code, _, err = finish(loading)

        assert (code, set(found)) == (0, {200}), err
        assert found
        assert served.get("/newest")[1] == f'{{"run":{run + 2}}}'
        survived("pages served beside a load", len(found))
    assert "108," in served.get("/")[1]


def test_a_lease_lets_go_between_queries(tmp_path: Path) -> None:
    file = str(tmp_path / "session.duckdb")
    DuckDB(file).close()
    opened = []

    def opener(wait: float) -> Engine:
        opened.append(wait)
        return DuckDB(file, read_only=True, wait=wait)

    now = iter([0.0, 0.4, 0.6, 0.6, 1.5, 1.7, 1.7])
    with ShortSession(opener, 0.5, 1, lambda: next(now)) as session:
        counts = []
        for _ in range(5):
            session.query("SELECT 1 AS one")
            counts.append(len(opened))

    assert counts == [1, 1, 2, 2, 3]
    DuckDB(file, wait=0.1).close()


def loaded_file(source: Source, folder: Path) -> str:
    """A warehouse of three days, closed."""
    file = str(folder / "live.duckdb")
    writer = DuckDB(file)
    create_tables(writer)
    fill(source, days=3)
    etl(writer, source.folder)
    writer.close()
    return file


def test_what_was_computed_is_kept_for_its_run_and_shown_while_a_load_runs(
    source: Source, tmp_path: Path
) -> None:
    file = loaded_file(source, tmp_path)
    live = Live(lambda wait: DuckDB(file, read_only=True, wait=wait), check_everything, wait=0.1)
    page, asked = live.page(), live_question()
    answer = live.answer(asked)

    holder = DuckDB(file)
    assert live.page() is page
    assert live.answer(asked) is answer
    with pytest.raises(BusyError):
        live.answer(live_question(limit=3))
    source.log(play(0, sessionId=99), day="2018-11-09")
    etl(holder, source.folder)
    holder.close()

    assert live.newest() == 2
    assert live.page()["run"] == 2
    assert live.answer(asked).rows != answer.rows


def test_an_answer_of_the_run_before_is_not_kept_for_the_run_after(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = loaded_file(source, tmp_path)
    live, meanwhile = Live(lambda wait: DuckDB(file, read_only=True, wait=wait), check_everything), [True]

    def ask_while_a_run_is_published(session: ShortSession, question: Any, *values: Any) -> Any:
        found = ask(session, question, *values)
        if question.name == "most_played_songs" and meanwhile.pop():
            session.close()
            source.log(play(0, sessionId=99), day="2018-11-09")
            holder = DuckDB(file)
            etl(holder, source.folder)
            holder.close()
            live.newest()
        return found

    monkeypatch.setattr("sparkify.ask.live.ask", ask_while_a_run_is_published)
    before = live.answer(live_question())
    meanwhile.append(False)

    after = live.answer(live_question())

    assert sum(row[-1] for row in after.rows) == sum(row[-1] for row in before.rows) + 1


@pytest.mark.parametrize("names", [True, False])
def test_listeners_are_numbers_unless_names_are_asked_for(
    source: Source, tmp_path: Path, names: bool
) -> None:
    file = loaded_file(source, tmp_path)
    live = Live(lambda wait: DuckDB(file, read_only=True, wait=wait), check_everything, names=names)

    answer = live.answer(live_question(name="most_active_users"))

    assert ("last_name" in answer.columns) == names
    assert ("Koch" in repr(answer.rows)) == names


@pytest.mark.parametrize("prove", [True, False])
def test_a_large_warehouse_is_checked_only_where_that_is_asked_for(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prove: bool
) -> None:
    monkeypatch.setattr("sparkify.ask.report.PROVEN", 0)
    file = loaded_file(source, tmp_path)
    live = Live(lambda wait: DuckDB(file, read_only=True, wait=wait), check_everything, prove=prove)

    assert live.page()["trust"]["state"] == ("good" if prove else "open")


def test_a_cluster_is_shown_as_a_file_is(cluster: Cluster, redshift: Redshift, source: Source) -> None:
    fill(source, days=3)
    etl(redshift, source.folder)
    schema = redshift.query("SELECT CURRENT_SCHEMA() AS name").scalar()
    live = Live(lambda wait: cluster.connect(schema, wait=wait), check_everything, hold=300.0)
    before, asked = live.page(), live_question()
    answer = live.answer(asked)

    source.log(play(0, sessionId=99), day="2018-11-09")
    etl(redshift, source.folder)

    assert before["run"] == 1
    assert live.page()["run"] == 2
    assert sum(row[-1] for row in live.answer(asked).rows) == sum(row[-1] for row in answer.rows) + 1


def live_question(limit: int = 100, name: str = "most_played_songs") -> Any:
    from sparkify.ask.live import Asked

    return Asked(find_question(name), limit)


def test_a_dashboard_on_ipv6_answers_to_its_address_and_not_to_names_of_others(
    source: Source, tmp_path: Path
) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    source.log(play(0))
    code, _, err = finish(start("etl", "--source", "music", cwd=tmp_path))
    assert code == 0, err
    process = subprocess.Popen(
        [*COMMAND, "dashboard", "--port", "0", "--host", "::1"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    found = re.match(r"(http://\[::1\]:\d+) is ready", process.stderr.readline())

    answers = found and [Served(found[1]).get("/newest", host)[0] for host in (None, "evil.example")]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert answers == [200, 400]


def test_a_port_in_use_is_named(served: Served, tmp_path: Path) -> None:
    port = served.url.rpartition(":")[2]

    code, _, err = finish(start("dashboard", "--port", port, cwd=tmp_path))

    assert (code, len(err.splitlines())) == (2, 1)
    assert f"127.0.0.1:{port} cannot be used" in err
    assert "attempting" not in err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u; f = u.find_spec; "
        "u.find_spec = lambda n, *a: None if n == 'jinja2' else f(n, *a); "
        "sys.argv = ['sparkify', 'report']; from sparkify.cli.main import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith("sparkify: the report needs jinja2: pip install '.[report]' in its clone")
    assert done.stderr.count("\n") == 1

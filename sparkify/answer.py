"""The answer to a question or a query, in the forms that people and other libraries take."""

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from sparkify.ask.charts import chart
from sparkify.ask.inline import inline_svg
from sparkify.engines.base import Result
from sparkify.errors import ConfigError
from sparkify.formatting import distinct

SHOWN = 20
"""Rows that an answer shows of itself."""


@dataclass(frozen=True)
class Answer:
    """Rows with the names of their columns.

    `df`, `pl` and `arrow` raise ConfigError where their library is not installed.

    >>> answer = Answer(("title", "plays"), [("Undo", 3), ("Revelry", 1)])
    >>> len(answer), next(iter(answer))
    (2, {'title': 'Undo', 'plays': 3})
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    name: str = ""
    meaning: str = ""
    clock: str = "UTC"
    """The time zone of its days and hours."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each row by the names of its columns; of those that are alike, by `a`, `a_2` and so on."""
        names = distinct(self.columns)
        return (dict(zip(names, row, strict=True)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def df(self) -> Any:
        """A pandas DataFrame."""
        frame = _library("pandas").DataFrame(list(self.rows), columns=list(self.columns), dtype=object)
        for at in range(len(self.columns)):
            values = frame.iloc[:, at]
            if self._has_gaps(at):
                frame.isetitem(at, values.astype("Int64"))
            elif not self._is_huge(at):  # which a float would round
                frame.isetitem(at, values.infer_objects())
        return frame

    def pl(self) -> Any:
        """A Polars DataFrame."""
        rows = [tuple(map(_without_zone, row)) for row in self.rows]
        return _library("polars").DataFrame(
            rows, schema=distinct(self.columns), orient="row", infer_schema_length=None
        )

    def arrow(self) -> Any:
        """A pyarrow Table; what Arrow has no type for is text there."""
        columns = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.columns)
        pyarrow = _library("pyarrow")

        def array(values: list[Any]) -> Any:
            try:
                return pyarrow.array(values)
            except (OverflowError, pyarrow.ArrowException):
                return pyarrow.array([None if value is None else str(value) for value in values])

        return pyarrow.table(
            [array(list(map(_without_zone, one))) for one in columns], names=list(self.columns)
        )

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow PyCapsule interface, by which other libraries take the rows over."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        cells = [self.columns, *(tuple(map(_shown, row)) for row in self.rows[:SHOWN])]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["   ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, *self._more()])

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, if there is one of such an answer, and the rows."""
        drawn = chart(Result(self.columns, list(self.rows)), self.clock) if len(self.rows) > 1 else None
        picture = inline_svg(drawn) if drawn else ""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(_shown(value))}</td>' for value in row)}</tr>"
            for row in self.rows[:SHOWN]
        )
        said = f"<p>{html.escape(self.meaning)}</p>" if self.meaning else ""
        more = "".join(f"<p>{one}</p>" for one in self._more())
        return f"{said}{picture}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _has_gaps(self, at: int) -> bool:
        """Whether a column has whole numbers beside NULL, which a float would round."""
        values = [row[at] for row in self.rows if row[at] is not None]
        whole = all(type(value) is int and -(2**63) <= value < 2**63 for value in values)
        return whole and 0 < len(values) < len(self.rows)

    def _is_huge(self, at: int) -> bool:
        """Whether a column has a whole number beyond 64 bits."""
        return any(type(row[at]) is int and not -(2**63) <= row[at] < 2**63 for row in self.rows)

    def _more(self) -> list[str]:
        left = len(self.rows) - SHOWN
        return [f"... and {left:,} more"] if left > 0 else []


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"this needs {name}: pip install {name}") from error


def _without_zone(value: Any) -> Any:
    """A time of day with a zone as text: Arrow and Polars would drop the zone, and it be another time."""
    return value.isoformat() if isinstance(value, dt.time) and value.tzinfo else value


def _shown(value: object) -> str:
    return "-" if value is None else str(value)

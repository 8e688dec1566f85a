"""The notebook in examples/ shows what its cells show."""

import json

from tests.notebook import executed, read


def test_the_notebook_shows_what_its_cells_show() -> None:
    kept = read()

    assert executed(kept) == kept
    assert "Traceback" not in json.dumps(kept)

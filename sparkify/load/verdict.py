"""What a check found."""

from dataclasses import dataclass

from sparkify.engines.base import Result

SHOWN = 5
"""Wrong rows that are fetched."""


@dataclass(frozen=True)
class Verdict:
    """What one check found: `wrong` holds the first few wrong rows, none if all is well."""

    name: str
    meaning: str
    wrong: Result
    told: str = ""
    """What a failed check found, where its first wrong row does not say it well."""
    warns: bool = False
    """Whether a run that it fails is published all the same, with a warning."""
    is_own: bool = False
    """Whether it is one of the user's own, whose rows may hold anything."""

    @property
    def passed(self) -> bool:
        return not self.wrong.rows

    def sentence(self) -> str:
        """The check, and for a failed one what it found, in one line."""
        if self.passed:
            return f"{self.name}: {self.meaning}"
        if self.told:
            return f"{self.name} failed: {self.told}"
        row = ", ".join(
            f"{c} {'NULL' if v is None else v}"
            for c, v in zip(self.wrong.columns, self.wrong.rows[0], strict=True)
        )
        count = len(self.wrong.rows)
        many = (
            f"{count} wrong rows or more"
            if count == SHOWN
            else f"{count} wrong row{'s' if count > 1 else ''}"
        )
        return f"{self.name} failed: {many}, the first: {row}. Expected: {self.meaning}"

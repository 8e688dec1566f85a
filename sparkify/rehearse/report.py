"""The report of a rehearsal on AWS, as Markdown or as JSON; no value of anybody's data is in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sparkify
from sparkify.errors import ConfigError
from sparkify.rehearse.comparison import Comparison
from sparkify.writing import replace_file

_KINDS = {
    "other error": "Refused by one, or in other words",
    "other result": "Another result",
    "only on AWS": "Only on AWS",
    "only on the emulator": "Only on the emulator",
}


@dataclass
class Report:
    """What is known so far."""

    where: str
    """Region and size."""
    day: str
    emulated: dict[str, float] = field(default_factory=dict)
    """Seconds by step."""
    real: dict[str, float] = field(default_factory=dict)
    stopped_at: str = ""
    left: Sequence[str] = ()
    """What is still there, each with the command that removes it."""
    comparison: Comparison | None = None

    def write(self, file: Path) -> None:
        """Write it, as JSON if the file's name says so. Raises ConfigError."""
        text = json.dumps(self._plain(), indent=2) if file.suffix == ".json" else self._markdown()
        try:
            replace_file(file, f"{text}\n".encode())
        except OSError as error:
            raise ConfigError(f"--report {file} cannot be written: {error.strerror}.") from error

    def _plain(self) -> Mapping[str, Any]:
        found = self.comparison
        return {
            "sparkify": sparkify.__version__, "where": self.where, "day": self.day,
            "steps": [{"step": step, "emulator": round(seconds, 1), "aws": _rounded(self.real.get(step))}
                      for step, seconds in self.emulated.items()],
            "stopped_at": self.stopped_at, "left": list(self.left),
            "same": found.same if found else 0,
            "differences": [{**asdict(one), "times": times} for one, times in found.differences.items()]
            if found else [],
        }  # fmt: skip

    def _markdown(self) -> str:
        lines = [
            "# Rehearsal on AWS", "",
            f"sparkify {sparkify.__version__}, {self.where}, {self.day}. "
            + (f"Stopped at *{self.stopped_at}*." if self.stopped_at else "All steps were done."), "",
            "Left: " + ("; ".join(self.left) if self.left else "nothing, as AWS itself lists it") + ".", "",
            "| step | emulator | AWS |", "|---|---:|---:|",
        ]  # fmt: skip
        for step, seconds in self.emulated.items():
            there = f"{self.real[step]:.1f} s" if step in self.real else "not done"
            lines.append(f"| {step} | {seconds:.1f} s | {there} |")
        found = self.comparison
        if found is None:
            return "\n".join(lines)
        lines += ["", "## Statements and calls", "", f"{found.same:,} were alike on both."]
        if not found.differences:
            lines += ["", "None differed."]
        for kind, title in _KINDS.items():
            chosen = [(one, times) for one, times in found.differences.items() if one.kind == kind]
            if chosen:
                lines += ["", f"### {title}", ""]
            for one, times in chosen:
                often = f" ({times} times)" if times > 1 else ""
                lines += [f"- *{one.step}*{often}: {one.detail}", "", f"      {one.what}", ""]
        return "\n".join(lines).rstrip()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)

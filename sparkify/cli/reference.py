"""The reference of docs/: every command and every question, written from the program itself."""

from itertools import groupby

import click

from sparkify.ask.questions import Question, list_questions

_FLAGS = {"since": "`--from`, `--to`", "level": "`--level`", "limit": "`--limit`", "run": "a run"}


def reference(cli: click.Group) -> str:
    """Markdown: commands with their options, then questions with what they take."""
    out = [
        "# Reference",
        "",
        "Written by `make docs` from the program itself. The tables are in [tables.md](tables.md).",
        "",
        "## Commands",
        "",
    ]
    for command in cli.commands.values():
        out += _command(command, f"sparkify {command.name}")
    out += ["## Questions", ""]
    for topic, questions in groupby(list_questions(), lambda one: one.topic):
        out += [f"### {topic.capitalize()}", "", "| question | what it asks | takes |", "|---|---|---|"]
        out += [*map(_question, questions), ""]
    return "\n".join(out).rstrip() + "\n"


def _command(command: click.Command, path: str) -> list[str]:
    arguments = [one.make_metavar(click.Context(command)) for one in command.params if _is_argument(one)]
    out = [
        f"### `{' '.join([path, *arguments])}`",
        "",
        (command.help or "").replace("\n\n", "\n").strip(),
        "",
    ]
    for option in command.params:
        if isinstance(option, click.Option):
            names, meaning = option.get_help_record(click.Context(command)) or ("", "")
            out.append(f"- `{names}`: {meaning}")
    out.append("")
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            out += _command(sub, f"{path} {sub.name}")
    return out


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _question(one: Question) -> str:
    takes = ", ".join(flag for name, flag in _FLAGS.items() if name in one.takes) or "nothing"
    return f"| `{one.name}` | {one.meaning} | {takes} |"

"""A new project, from the command line."""

from pathlib import Path

import click

from sparkify.cli.output import lines, visible


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Start a project in DIR: settings, and folders for questions, checks and models of your own.

    Nothing that is there is overwritten. Without DIR, in the current folder.
    """
    from sparkify.template import make_project_folder

    made = make_project_folder(folder)
    click.echo(f"{visible(str(folder))} is a project now, with an example of each kind:\n")
    click.echo(lines([("files", ", ".join(visible(str(file.relative_to(folder))) for file in made))]))
    enter = "" if folder == Path() else f"cd {visible(str(folder))}; "
    click.echo(f"\nNext: {enter}sparkify simulate music; sparkify etl; sparkify ask songs_of")

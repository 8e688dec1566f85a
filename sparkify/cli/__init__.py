"""The command line, from its first moment on."""

import sys


def run(*path: str) -> None:
    """Run the command line, or the one command at `path`; Ctrl-C is answered during the imports too."""
    try:
        from sparkify.cli.main import main
    except KeyboardInterrupt:
        if sys.stderr:
            sys.stderr.write("sparkify: interrupted.\n")
        sys.exit(130)
    main(*path)

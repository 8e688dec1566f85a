"""Where settings come from: flag > environment > dwg.cfg > default."""

import configparser
import dataclasses
import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparkify.config import Config, settings
from sparkify.errors import ConfigError
from sparkify.formatting import is_text

DEFAULT_FILE = Path("dwg.cfg")


def load_config(
    path: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Resolve every setting; `flags` maps `section.name` to a value, None meaning not given.

    Raises ConfigError for a file that cannot be read, an unknown setting or a value of a wrong type.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    flags = flags or {}
    known = {f"{section}.{name}" for section, name, _ in settings()}
    for key in flags.keys() - known:
        close = difflib.get_close_matches(key, known, n=1)
        raise ConfigError(f"{key} is not a setting. {_hint(*close or [''])}")
    file_name, in_file = _read_file(path)
    sections: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    for section, name, spec in settings():
        key = f"{section}.{name}"
        variable = _variable(section, name)
        if flags.get(key) is not None:
            raw, origin = str(flags[key]), "flag"
        elif variable in environ:
            raw, origin = environ[variable], variable
        elif (section, name) in in_file:
            raw, origin = in_file[section, name], file_name
        else:
            continue
        sections.setdefault(section, {})[name] = _typed(raw, spec, section, name, origin)
        origins[key] = origin
    built = {
        f.name: type(f.default)(**sections.get(f.name, {}))  # type: ignore[misc]  # a section instance
        for f in dataclasses.fields(Config)
        if f.name != "origins"
    }
    return Config(**built, origins=origins)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A misspelt variable would be a setting that silently does not hold.

    A variable with our prefix that resembles no setting is left alone: another program set it.
    """
    known = {_variable(section, name) for section, name, _ in settings()}
    bare = {variable.replace("_", ""): variable for variable in known}
    for variable in environ:
        if not variable.upper().startswith("SPARKIFY_") or variable in known:
            continue
        close = difflib.get_close_matches(variable.upper().replace("_", ""), bare, n=1, cutoff=0.85)
        if close or "__" in variable:
            raise ConfigError(f"{variable} is not a setting. {_hint(bare[close[0]] if close else '')}")


def _variable(section: str, name: str) -> str:
    return f"SPARKIFY_{section}__{name}".upper()


def _hint(close: str) -> str:
    return f"Did you mean {close}?" if close else "`sparkify config` lists them all."


def _read_file(path: Path | None) -> tuple[str, dict[tuple[str, str], str]]:
    """The settings in the file, by (section, name). Without `path`, a missing dwg.cfg is no error."""
    file = path or DEFAULT_FILE
    if path is None and not file.exists():
        return str(file), {}
    advice = "Check --config." if path else "Fix it, or remove it."
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    try:
        with file.open(encoding="utf-8-sig") as handle:
            parser.read_file(handle)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}. {advice}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not written in UTF-8. {advice}") from error
    except configparser.Error as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"{file} cannot be read: {first}. {advice}") from error
    known = {(section, name): spec for section, name, spec in settings()}
    found: dict[tuple[str, str], str] = {}
    for section in parser.sections():
        for name, value in parser.items(section):
            key = (section.lower(), name.lower())
            if key not in known:
                place = f"[{section}] {name.upper()}"
                names = [f"[{section}] {name}".upper() for section, name in known]
                close = difflib.get_close_matches(place.upper(), names, n=1)
                raise ConfigError(f"{file}: {place} is not a setting. {_hint(*close[:1] or [''])}")
            bare = _unquoted(value.strip())
            if bare and known[key].metadata["secret"]:
                raise ConfigError(
                    f"{file}: [{section}] {name.upper()}: no secret belongs in a file. "
                    f"Give it as {_variable(*key)}."
                )
            if bare:
                found[key] = bare
    return str(file), found


def _unquoted(value: str) -> str:
    """Quotes around a value belong to whoever wrote the file, not to the value."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _typed(raw: str, spec: "dataclasses.Field[Any]", section: str, name: str, origin: str) -> Any:
    flag = f"--{name.replace('_', '-')} {raw!r}"
    place = flag if origin == "flag" else f"{origin}: [{section.upper()}] {name.upper()} = {raw!r}"
    if not is_text(raw):
        raise ConfigError(f"{place} is not text in UTF-8.")
    if choices := getattr(spec.type, "__args__", None):
        if raw.lower() not in choices:
            raise ConfigError(f"{place} is not one of {', '.join(choices)}.")
        return raw.lower()
    pattern, words = spec.metadata["form"]
    if raw == spec.default == "":
        return ""
    if not re.fullmatch(pattern, raw, re.DOTALL | re.IGNORECASE):
        raise ConfigError(f"{place} is not {words}.")
    return spec.type(raw)  # type: ignore[operator]  # a type, as long as nobody postpones annotations

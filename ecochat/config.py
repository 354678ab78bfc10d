"""Settings in a file: TOML, whose keys are the names of the settings."""

import difflib
import json
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from ecochat.settings import ACTIONS, SETTINGS, Setting
from ecochat.textfile import read_text

SHOWN = 100
"""Characters of a wrong value that are repeated: the message is one line."""


class ConfigError(ValueError):
    """A settings file that cannot be used; the text says what to look for in it."""


def read_config(path: str) -> dict[str, Any]:
    """Return the settings that a file gives, by their names with dashes.

    :raises ConfigError: for a file that cannot be read, or is over 1 MiB, or not TOML;
        for a key that is unknown or there twice; for a wrong value.
    """
    values: dict[str, Any] = {}
    for key, given in _parse(path).items():
        setting = _find(path, key)
        if setting.name in values:
            raise ConfigError(f"{path}: {key} is there twice, with - and with _")
        try:
            values[setting.name] = _take(setting, given)
        except ValueError as wrong:
            shown = "" if setting.secret else _shown(given)
            raise ConfigError(f"{path}: {key}{shown} {wrong}") from None
    return values


def _parse(path: str) -> dict[str, Any]:
    try:
        text = read_text(path)
    except ValueError as wrong:
        raise ConfigError(f"--config {path} {wrong}") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None


def _find(path: str, key: str) -> Setting:
    name = key.replace("_", "-")
    if name in ACTIONS:
        raise ConfigError(f"{path}: {key} can stand on the command line only")
    if name not in SETTINGS:
        near = difflib.get_close_matches(name.lower(), SETTINGS, 1, cutoff=0)[0]
        raise ConfigError(
            f"{path}: there is no setting {key[:SHOWN]}, did you mean {near}?"
            " --print-config shows them all"
        )
    return SETTINGS[name]


def _take(setting: Setting, given: object) -> Any:
    if not setting.repeatable:
        return setting.kind.take(given)
    several = given if isinstance(given, list) else [given]
    if setting.default and not several:
        raise ValueError("has nothing in it; leave it out for the default")
    return [setting.kind.take(one) for one in several]


def _shown(given: object) -> str:
    return f" = {_toml(given)[:SHOWN]}" if isinstance(given, str) else ""


def write_config(values: Mapping[str, Any]) -> str:
    """Return a settings file, with comments, that gives every setting its value here;
    one that is None, and so has none, is left out."""
    return "\n".join(line for name in SETTINGS for line in _lines(name, values[name]))


def _lines(name: str, value: Any) -> Iterator[str]:
    setting = SETTINGS[name]
    yield from textwrap.wrap(
        setting.help, 88, initial_indent="# ", subsequent_indent="# "
    )
    if value is None:
        yield f"# (not given: {setting.found_out})"
    elif setting.repeatable:
        written = ", ".join(_toml(setting.kind.write(one)) for one in value)
        yield f"{name} = [{written}]"
    else:
        yield f"{name} = {_toml(setting.kind.write(value))}"
    yield ""


def _toml(value: str | bool | int) -> str:
    """Return a value as TOML writes it: as JSON does, but without DEL as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")

"""Settings from a file: read, its faults told in terms of the file, and its paths made absolute.

Paths in the file are relative to the file.
"""

import difflib
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from monitor.config import Settings
from monitor.errors import ConfigError


def load_settings(path: Path) -> Settings:
    """Settings from a YAML file and the environment, with every path made absolute.

    Raises ConfigError that names the file, the key and what is allowed there.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; `monitor init` writes a configuration to start from") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no settings; `monitor init` writes a configuration to start from")
    try:
        settings = Settings(**data)
    except ValidationError as error:
        raise ConfigError(explain(path, error)) from error
    return with_absolute_paths(settings, path.resolve().parent)


def explain(path: Path, error: ValidationError) -> str:
    """One line per wrong key: file, key, what is wrong, what is allowed."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "(file)"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            allowed = sorted(keys_at(problem["loc"][:-1]))
            close = difflib.get_close_matches(str(problem["loc"][-1]), allowed, n=1)
            message = f"unknown key{f', did you mean {close[0]!r}?' if close else ''} (allowed: {', '.join(allowed)})"
        lines.append(f"{path}: {key}: {message}")
    return "\n".join(lines)


def keys_at(location: tuple[int | str, ...]) -> set[str]:
    """The keys that the section at a place in the file may have."""
    model: type[BaseModel] = Settings
    for part in location:
        field = model.model_fields.get(str(part))
        model = (section_in(field.annotation) if field else None) or model
    return set(model.model_fields)


def section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a setting is, or is a list or table of; None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(section_in, get_args(annotation))), None)


def with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    """The same settings with paths, catalog files and an SQLite file laid relative to a folder."""
    catalogs = {
        name: catalog.model_copy(update={"url": absolute_location(catalog.url, folder)})
        for name, catalog in settings.catalogs.items()
    }
    monitors = [
        monitor.model_copy(update={"aoi": folder / monitor.aoi}) if isinstance(monitor.aoi, Path) else monitor
        for monitor in settings.monitors
    ]
    changes: dict[str, Any] = {
        "database": absolute_database(settings.database, folder),
        "models_dir": folder / settings.models_dir,
        "catalogs": catalogs,
        "monitors": monitors,
    }
    return settings.model_copy(update=changes)


def absolute_location(url: str | None, folder: Path) -> str | None:
    """A URL as it is, a path relative to the folder."""
    return url if url is None or "://" in url else str((folder / url).resolve())


def absolute_database(url: str, folder: Path) -> str:
    """An SQLAlchemy URL whose SQLite file lies relative to the folder."""
    prefix, marker, name = url.partition("sqlite:///")
    if prefix or not marker or not name or name == ":memory:" or name.startswith("file:"):
        return url
    return f"sqlite:///{folder / name}"

"""`monitor init`: a configuration to start from."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

import monitor
from monitor.cli.output import out
from monitor.errors import ConfigError

NAME = "config.yaml"


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write config.yaml.")] = Path(),
) -> None:
    """Write a commented config.yaml."""
    target = folder / NAME
    if target.exists():
        raise ConfigError(f"{target} is there already; move it away first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(template(), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error
    out.print(f"Wrote {target}. Change the area in it, then run: monitor --config {target} scan", soft_wrap=True)


def template() -> str:
    """The example: inside the installed package, or beside it in a checkout."""
    packaged = files(monitor) / NAME
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(str(monitor.__file__)).parent.parent / NAME).read_text(encoding="utf-8")

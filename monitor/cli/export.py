"""`monitor export`: rasters of scenes as Cloud Optimized GeoTIFFs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rasterio.errors import RasterioError
from sqlalchemy.orm import Session

from monitor.cli.context import of
from monitor.cli.output import out, progress
from monitor.cli.scene_argument import MonitorOption, find
from monitor.errors import ConfigError
from monitor.rasters import Raster, flags_raster, labels_raster
from monitor.store.scenes import SceneRow, list_scenes
from monitor.store.tables import SceneState

app = typer.Typer(help="Rasters of scenes as Cloud Optimized GeoTIFFs.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("--output", "-o", help="File, or folder with --all.")]


class LabelKind(StrEnum):
    """Which k-means the labels are of."""

    REFERENCE = "reference"
    SWEEP = "sweep"


@app.command()
def flags(
    context: typer.Context,
    output: Output,
    scene: Annotated[str | None, typer.Argument(metavar="[SCENE]", help="Scene id.")] = None,
    every: Annotated[str | None, typer.Option("--all", metavar="NAME", help="Every scene of that monitor.")] = None,
    monitor: MonitorOption = None,
) -> None:
    """Flags: 0 clear, 1 cloud, 2 cloud shadow, 3 anomaly, 255 no answer."""
    if (scene is None) == (every is None):
        raise ConfigError("give either a SCENE or --all NAME")
    with of(context).store.session(read_only=True) as session:
        if scene is not None:
            write_flags(session, find(context, session, scene, monitor), output)
            return
        of(context).settings.monitor(str(every))
        done = list_scenes(session, monitor=every, states=[SceneState.DONE])
        prepare(output)
        with progress() as bar:
            for row in bar.track(done, description="exporting"):
                write_flags(session, row, output / f"{row.scene_id}.tif")
    out.print(f"{len(done)} flags rasters in {output}", soft_wrap=True)


@app.command()
def labels(
    context: typer.Context,
    output: Output,
    scene: Annotated[str, typer.Argument(metavar="SCENE", help="Scene id.")],
    kind: Annotated[LabelKind, typer.Option(help="By the reference model, or by the scene's own sweep.")] = (
        LabelKind.REFERENCE
    ),
    monitor: MonitorOption = None,
) -> None:
    """Label map with a colour table; 255 is no data."""
    with of(context).store.session(read_only=True) as session:
        row = find(context, session, scene, monitor)
        write(output, labels_raster(session, row, kind))


def write_flags(session: Session, row: SceneRow, path: Path) -> None:
    """The flags raster of one scene."""
    write(path, flags_raster(session, row))


def write(path: Path, raster: Raster) -> None:
    """A raster of classes; raises ConfigError if the file cannot be written."""
    prepare(path.parent)
    try:
        raster.write(path)
    except (OSError, RasterioError) as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error


def prepare(folder: Path) -> None:
    """Make a folder; raises ConfigError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}") from error

"""`monitor export`: rasters of scenes as Cloud Optimized GeoTIFFs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from sqlalchemy.orm import Session

from monitor.cli.context import of
from monitor.cli.output import out, progress
from monitor.cli.scene_argument import MonitorOption, find
from monitor.cli.spectra import mean_spectra
from monitor.cog import Colours, write_cog
from monitor.detection.result import Flag
from monitor.errors import ConfigError, NotFoundError
from monitor.plots import FLAG_TABLE, label_table
from monitor.scenes.grid import Grid
from monitor.store.maps import load_map
from monitor.store.monitors import get_grid
from monitor.store.results import FLAGS
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
        found = load_map(session, row.pk, kind)
        k = 0 if found.centroids is None else len(found.centroids)
        spectra, bands = mean_spectra(session, row.pk, kind, k)
        tags = {"scene_id": row.scene_id, "k": str(k), "reference_version": str(found.reference_version)}
        colours = label_table(k, spectra, bands)
        write(output, found.labels[None], grid_of(session, row), colours=colours, tags=tags)


def write_flags(session: Session, row: SceneRow, path: Path) -> None:
    """The flags raster of one scene."""
    found = load_map(session, row.pk, FLAGS)
    tags = {"scene_id": row.scene_id, "reference_version": str(found.reference_version)}
    tags |= {f"value_{flag.value}": flag.name.lower().replace("_", " ") for flag in Flag}
    write(path, found.labels[None], grid_of(session, row), colours=FLAG_TABLE, tags=tags)


def grid_of(session: Session, row: SceneRow) -> Grid:
    """The grid that a scene's rasters lie on."""
    grid = get_grid(session, row.monitor_id)
    if grid is None:
        raise NotFoundError(f"monitor {row.monitor} has no grid yet; `monitor scan` fits its reference first")
    return grid


def write(path: Path, bands: NDArray[np.uint8], grid: Grid, colours: Colours, tags: dict[str, str]) -> None:
    """A raster of classes; raises ConfigError if the file cannot be written."""
    prepare(path.parent)
    try:
        write_cog(path, bands, grid.profile, Flag.NO_ANSWER, colours=colours, tags=tags)
    except (OSError, RasterioError) as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error


def prepare(folder: Path) -> None:
    """Make a folder; raises ConfigError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}") from error

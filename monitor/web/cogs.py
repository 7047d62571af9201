"""Maps out of the database as COG files, made when somebody asks and kept for a while."""

import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from sqlalchemy.orm import Session

from monitor.rasters import raster_of
from monitor.store.scenes import SceneRow

MOST_BYTES = 1_000_000_000
LEAST_KEPT = 20
"""Files that are kept whatever their size: somebody may be reading them."""


class Cogs:
    """The files asked for last, up to a size, in a temporary folder that goes with the server."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.folder: Path | None = None
        self.files: OrderedDict[str, int] = OrderedDict()

    def path(self, session: Session, row: SceneRow, kind: str) -> Path:
        """A COG of a scene's `flags`, or its labels by `reference` or `sweep`; NotFoundError if it has none."""
        name = f"{row.pk}-{kind}-{version_of(row)}.tif"
        with self.lock:
            if self.folder is None:
                self.folder = Path(tempfile.mkdtemp(prefix="monitor-web-"))
            path = self.folder / name
            if name in self.files:
                self.files.move_to_end(name)
                return path
        draft = Path(tempfile.mkdtemp(dir=self.folder)) / name
        raster_of(session, row, kind).write(draft)
        with self.lock:
            draft.replace(path)
            draft.parent.rmdir()
            self.files[name] = path.stat().st_size
            self.forget()
        return path

    def forget(self) -> None:
        """Remove the files that were asked for longest ago."""
        while len(self.files) > LEAST_KEPT and sum(self.files.values()) > MOST_BYTES:
            name, _ = self.files.popitem(last=False)
            if self.folder is not None:
                (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def version_of(row: SceneRow) -> str:
    """What changes when a scene is processed again."""
    return "0" if row.processed_at is None else f"{row.processed_at.timestamp():.0f}"

"""The errors that the monitor raises on purpose.

    MonitorError
    ├── RetryableError            worth another attempt later, nothing about the input is wrong
    │   ├── CatalogUnavailable    a STAC catalog did not answer, or answered with 429 / 5xx
    │   ├── AssetUnavailable      a band file could not be fetched
    │   ├── ScratchUnavailable    the folder for temporary files is full
    │   ├── StoreUnavailable      the database is locked, full, or unreachable
    │   └── WorkerLost            the process that analysed a scene crashed, hung or needed too much memory
    └── PermanentError            the same attempt will fail again until somebody changes something
        ├── ConfigError           config.yaml or a command line is wrong
        ├── ItemError             a STAC item is malformed
        ├── SceneError            a scene cannot be used: missing band, wrong CRS, nothing valid
        │   └── TooFewPixels      a scene that touches the area, but not enough to judge anything
        ├── AssetError            a band file is not what it says: HTML, truncated, not a raster
        ├── ReferenceModelError   no reference model, or one that changed on disk
        ├── StoreError            the database cannot be written or has another schema
        ├── AlertStateError       an alert cannot go from its state into that one
        ├── SceneStateError       a scene in a state in which there is nothing to try again
        ├── RequestError          a request over HTTP asks for something that cannot be
        ├── TooManyRequests       a client over HTTP that does not know when to stop
        ├── LoginRequired         a request over HTTP from nobody who is known
        ├── Forbidden             a request over HTTP that the role does not allow
        ├── QueryError            a question to the history that cannot be answered: a bad cursor, a place outside
        └── NotFoundError         a name that nothing stored goes by

A message says what was being done to which scene, what was found, and what to do about it.
"""


class MonitorError(Exception):
    """Root of every error that the monitor raises on purpose."""


class RetryableError(MonitorError):
    """Worth another attempt later."""


class PermanentError(MonitorError):
    """Fails again until somebody changes something."""


class CatalogUnavailable(RetryableError):
    """A STAC catalog did not answer, or answered with 429 or 5xx."""


class AssetUnavailable(RetryableError):
    """A band file could not be fetched."""


class ScratchUnavailable(RetryableError):
    """The folder for temporary files is full or cannot be written."""


class StoreUnavailable(RetryableError):
    """The database is locked, full, or unreachable."""


class WorkerLost(RetryableError):
    """The process that analysed a scene crashed, hung or needed too much memory."""


class ConfigError(PermanentError):
    """config.yaml or a command line is wrong."""


class ItemError(PermanentError):
    """A STAC item is malformed."""


class SceneError(PermanentError):
    """A scene cannot be used: missing band, wrong CRS, nothing valid."""


class TooFewPixels(SceneError):
    """A scene that touches the area, but not enough of it to judge anything."""


class AssetError(PermanentError):
    """A band file is not what it says: HTML, truncated, not a raster."""


class ReferenceModelError(PermanentError):
    """No reference model, or one that changed on disk."""


class StoreError(PermanentError):
    """The database cannot be written or has another schema."""


class AlertStateError(PermanentError):
    """An alert cannot go from its state into that one."""


class SceneStateError(PermanentError):
    """A scene in a state in which there is nothing to try again."""


class RequestError(PermanentError):
    """A request over HTTP asks for something that cannot be."""


class TooManyRequests(PermanentError):
    """A client over HTTP that does not know when to stop."""


class LoginRequired(PermanentError):
    """A request over HTTP from nobody who is known."""


class Forbidden(PermanentError):
    """A request over HTTP that the role does not allow."""


class QueryError(PermanentError):
    """A question to the history that cannot be answered as it is put."""


class NotFoundError(PermanentError):
    """A name that nothing stored goes by."""

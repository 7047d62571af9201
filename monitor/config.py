"""What can be set in config.yaml and in the environment.

``MONITOR_<KEY>`` overrides a top-level key, ``MONITOR_DATABASE`` say; ``MONITOR_WEB__PORT`` reaches into a section.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from apscheduler.triggers.cron import CronTrigger
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.errors import ConfigError
from monitor.spectrum import BandName

DURATION = re.compile(r"(\d+)\s*([smhdw])")
DURATION_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(value: object) -> object:
    """'30d', '6h', '90s' as a timedelta; anything else as it is."""
    if isinstance(value, str) and (match := DURATION.fullmatch(value.strip())):
        return timedelta(**{DURATION_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{value!r} is not a duration such as 30d, 6h or 90s")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


class Section(BaseModel):
    """A part of the file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogSettings(Section):
    """Where scenes come from: a URL of any STAC API or static catalog, or one of the presets."""

    url: str | None = None
    preset: Literal["planetary-computer", "earth-search", "usgs"] | None = None
    timeout: Duration = timedelta(seconds=30)

    @model_validator(mode="after")
    def one_of_url_and_preset(self) -> Self:
        """Exactly one of the two says where the catalog is."""
        if (self.url is None) == (self.preset is None):
            raise ValueError("give either url or preset")
        return self


class ReferenceSettings(Section):
    """The clear scene that the reference model is fitted on (`auto`: the clearest one) and its k."""

    scene: str = "auto"
    k: Literal["auto"] | Annotated[int, Field(ge=2, le=64)] = "auto"


class SweepSettings(Section):
    """Range of k tried on every scene."""

    k_min: int = Field(3, ge=2, le=64)
    k_max: int = Field(10, ge=2, le=64)

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """k_min is not above k_max."""
        if self.k_min > self.k_max:
            raise ValueError(f"k_min {self.k_min} is above k_max {self.k_max}")
        return self

    @property
    def range(self) -> range:
        """Every k of the sweep."""
        return range(self.k_min, self.k_max + 1)


class DetectionSettings(Section):
    """What counts as a finding; docs/method.md explains each."""

    use_qa: bool = True
    """Read QA_PIXEL where there is one: to leave clouds out of a reference and as a second witness."""


class MonitorSettings(Section):
    """One area under watch."""

    name: Name
    catalogs: list[str] = Field(min_length=1)
    collections: list[str] = Field(["landsat-c2-l2"], min_length=1)
    platforms: list[str] = ["landsat-8"]
    aoi: tuple[float, float, float, float] | Path
    bands: list[BandName] = Field(["blue", "green", "red", "nir08", "swir16", "swir22"], min_length=1)
    resolution: float | None = Field(None, gt=0)
    min_valid: float = Field(0.05, ge=0, le=1)
    start: date
    lookback: Duration = timedelta(days=30)
    every: str = "6h"
    reference: ReferenceSettings = ReferenceSettings()
    sweep: SweepSettings = SweepSettings()
    detection: DetectionSettings = DetectionSettings()
    notify: list[str] = []
    """Names of channels."""

    @field_validator("aoi")
    @classmethod
    def sane_box(cls, value: tuple[float, ...] | Path) -> tuple[float, ...] | Path:
        """A box has west < east, south < north, in degrees."""
        if isinstance(value, tuple):
            west, south, east, north = value
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise ValueError(f"{list(value)} is not [west, south, east, north] in degrees")
        return value

    @field_validator("bands")
    @classmethod
    def bands_once(cls, value: list[str]) -> list[str]:
        """No band twice."""
        if len(set(value)) < len(value):
            raise ValueError(f"a band is listed twice: {', '.join(value)}")
        return value

    @field_validator("every")
    @classmethod
    def schedule(cls, value: str) -> str:
        """A duration or a cron line."""
        if DURATION.fullmatch(value.strip()):
            return value
        try:
            CronTrigger.from_crontab(value, timezone=UTC)
        except ValueError as error:
            raise ValueError(f"{value!r} is neither a duration such as 6h nor a cron line ({error})") from None
        return value

    @property
    def start_time(self) -> datetime:
        """Start of the first day looked at, UTC."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)


class EngineSettings(Section):
    """Where scenes are processed."""

    kind: Literal["local"] = "local"
    workers: int = Field(2, ge=1)
    timeout: Duration = timedelta(minutes=30)
    """One scene; its worker is killed then, which counts as a failed attempt."""
    memory_mb: int | None = Field(None, ge=500)
    """Of one worker; default: its part of 80 % of the machine's."""
    attempts: int = Field(5, ge=1)
    """A scene that failed as often is quarantined."""
    retry: Duration = timedelta(minutes=5)
    """Pause after a first failure; it doubles with every further one."""
    longest_retry: Duration = timedelta(hours=12)
    lease: Duration = timedelta(seconds=60)
    """A scene is held for so long, and renewed; when its holder dies, another takes it after this time."""


class ChannelSettings(Section):
    """Where messages go: an Apprise URL, and which of them."""

    url: SecretStr
    """https://appriseit.com lists the forms; with a password in it better given as MONITOR_CHANNELS__<NAME>__URL."""
    kinds: list[Literal["cloud", "shadow", "anomaly"]] = Field(["anomaly"], min_length=1)
    min_severity: Literal["low", "medium", "high"] = "low"
    per_hour: int = Field(30, ge=1)
    """What is above it is sent later."""
    picture: bool = True


class MuteSettings(Section):
    """Alerts that nobody is told of: all conditions that are given hold. `area` is west, south, east, north."""

    monitor: str | None = None
    kind: Literal["cloud", "shadow", "anomaly"] | None = None
    area: tuple[float, float, float, float] | None = None
    until: date | None = None


class DaemonSettings(Section):
    """How `monitor run` behaves."""

    lease: Duration = timedelta(seconds=60)
    """When the leading daemon dies, another one takes over after this time."""
    drain: Duration = timedelta(seconds=60)
    """Scenes in work when it is told to stop may take so long; what is left is given back."""
    min_free_mb: int = Field(1000, ge=0)
    """With less on the disk of database and models, no scene is taken."""
    health_port: int | None = Field(8099, ge=1, le=65535)
    """/healthz, /readyz and /metrics on 127.0.0.1; null: none."""
    log_format: Literal["console", "json"] = "console"


class RetentionSettings(Section):
    """What is kept for how long; null: for ever."""

    label_maps: Duration | None = None
    """By acquisition; the figures, findings and alerts of a scene stay."""
    label_maps_mb: float | None = Field(None, gt=0)
    """The newest scenes' maps up to this size are kept."""
    sweeps: Duration | None = None
    closed_alerts: Duration | None = None
    """Resolved and dismissed alerts that nothing has happened to for so long."""
    messages: Duration | None = timedelta(days=90)


class RolesSettings(Section):
    """Who may do what: names of people or of their groups; "*" is everybody who is logged in."""

    viewer: list[str] = []
    reviewer: list[str] = []
    admin: list[str] = []


class ProxySettings(Section):
    """A proxy in front of the server that logs people in (OIDC) and says who they are in a header."""

    user_header: str = "X-Forwarded-Email"
    groups_header: str = "X-Forwarded-Groups"
    """Group names, separated by commas."""
    addresses: list[IPvAnyNetwork] = Field(min_length=1)
    """Of the proxy; the headers of any other client count for nothing."""
    roles: RolesSettings


class AuthSettings(Section):
    """Who gets in. On a loopback address nobody is asked, unless `always`; elsewhere everybody is."""

    always: bool = False
    session: Duration = timedelta(hours=12)
    """A log-in holds for so long."""
    proxy: ProxySettings | None = None


class WebSettings(Section):
    """The pages and the API."""

    enabled: bool = False
    """Whether `monitor run` serves them as well."""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    url: str | None = Field(None, pattern=r"^https?://[^/?#]+$")
    """Under which people reach the server through a proxy, such as https://monitor.example.org."""
    auth: AuthSettings = AuthSettings()


class Settings(BaseSettings):
    """Everything in config.yaml."""

    model_config = SettingsConfigDict(env_prefix="MONITOR_", env_nested_delimiter="__", extra="forbid", frozen=True)

    database: str = "sqlite:///monitor.db"
    models_dir: Path = Path("models")
    catalogs: dict[Name, CatalogSettings] = Field(min_length=1)
    monitors: list[MonitorSettings] = Field(min_length=1)
    engine: EngineSettings = EngineSettings()
    daemon: DaemonSettings = DaemonSettings()
    channels: dict[Name, ChannelSettings] = {}
    mutes: list[MuteSettings] = []
    retention: RetentionSettings = RetentionSettings()
    web: WebSettings = WebSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def names_agree(self) -> Self:
        """Monitors are named once and use catalogs that exist."""
        names = [monitor.name for monitor in self.monitors]
        if len(set(names)) < len(names):
            raise ValueError(f"two monitors have one name: {', '.join(names)}")
        for monitor in self.monitors:
            for catalog in monitor.catalogs:
                if catalog not in self.catalogs:
                    known = ", ".join(self.catalogs)
                    raise ValueError(f"monitor {monitor.name} uses catalog {catalog!r}; known are {known}")
            for channel in monitor.notify:
                if channel not in self.channels:
                    known = ", ".join(self.channels) or "none"
                    raise ValueError(f"monitor {monitor.name} notifies channel {channel!r}; known are {known}")
        return self

    def monitor(self, name: str) -> MonitorSettings:
        """The monitor of that name; ConfigError if there is none."""
        for monitor in self.monitors:
            if monitor.name == name:
                return monitor
        raise ConfigError(f"no monitor {name!r}; the configuration has {', '.join(m.name for m in self.monitors)}")

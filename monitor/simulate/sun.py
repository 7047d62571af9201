"""Where the sun stands."""

import math
from datetime import datetime


def sun_position(moment: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Azimuth (clockwise from north) and elevation of the sun, degrees, to about half a degree.

    `moment` is UTC; longitude and latitude are degrees. Formulas: NOAA Global Monitoring Laboratory, General
    Solar Position Calculations.
    """
    hour = moment.hour + moment.minute / 60 + moment.second / 3600
    year = 2 * math.pi / 365 * (moment.timetuple().tm_yday - 1 + (hour - 12) / 24)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(year)
        - 0.032077 * math.sin(year)
        - 0.014615 * math.cos(2 * year)
        - 0.040849 * math.sin(2 * year)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(year)
        + 0.070257 * math.sin(year)
        - 0.006758 * math.cos(2 * year)
        + 0.000907 * math.sin(2 * year)
        - 0.002697 * math.cos(3 * year)
        + 0.00148 * math.sin(3 * year)
    )
    angle = math.radians((hour * 60 + equation_min + 4 * lon) / 4 - 180)
    north = math.radians(lat)
    up = math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(declination) * math.cos(angle)
    east = -math.cos(declination) * math.sin(angle)
    ahead = math.cos(north) * math.sin(declination) - math.sin(north) * math.cos(declination) * math.cos(angle)
    return math.degrees(math.atan2(east, ahead)) % 360, math.degrees(math.asin(up))


def shadow_offset_px(height_m: float, azimuth: float, elevation: float, pixel_size_m: float) -> tuple[float, float]:
    """Rows and columns from a cloud at a height above the ground to its shadow, on a north-up raster.

    The shadow lies on the side away from the sun; rows grow southward.
    """
    length = height_m / math.tan(math.radians(elevation)) / pixel_size_m
    return length * math.cos(math.radians(azimuth)), -length * math.sin(math.radians(azimuth))

"""What all charts have in common; colours are tokens, so that a chart follows the theme."""

from typing import Any

from monitor.web.pages.tokens import SHARED, css

FONT = SHARED["font"].replace('"', "")

BASE: dict[str, Any] = {"animation": False, "textStyle": {"fontFamily": FONT, "color": css("ink")}}
LEGEND: dict[str, Any] = {
    "bottom": 0,
    "left": 0,
    "itemWidth": 22,
    "itemHeight": 10,
    "itemGap": 8,
    "textStyle": {"color": css("ink"), "fontSize": 12, "lineHeight": 16, "fontFamily": FONT},
}
TOOLTIP: dict[str, Any] = {"trigger": "axis", "confine": True, "renderMode": "richText"}


def axis(name: str) -> dict[str, Any]:
    """An axis with its name in the middle."""
    return {
        "name": name,
        "nameLocation": "middle",
        "nameGap": 26,
        "nameTextStyle": {"color": css("muted"), "fontSize": 12, "fontFamily": FONT},
        "axisLabel": {"color": css("muted"), "fontSize": 12, "fontFamily": FONT},
        "axisLine": {"lineStyle": {"color": css("edge")}},
        "axisTick": {"lineStyle": {"color": css("edge")}},
        "splitLine": {"lineStyle": {"color": css("line")}},
    }

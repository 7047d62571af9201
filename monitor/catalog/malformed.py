"""What a STAC item can be that stops it from being a scene."""


class Malformed(ValueError):
    """Says what is wrong with an item; `parse_item` turns it into an ItemError with the item's name."""

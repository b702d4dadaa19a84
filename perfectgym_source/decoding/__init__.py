"""From the elements of the API's answers to typed Arrow tables."""

from .decode import Batch, Decoder
from .time_zones import ClubClocks, ZoneClock, zone_of

__all__ = ["Batch", "ClubClocks", "Decoder", "ZoneClock", "zone_of"]

"""Websites: WebP, which every browser since 2020 shows, no larger than a large screen."""

from hotfolder.outlets.outlet import Outlet

OUTLET = Outlet(formats=("webp",), quality=85, carries="origin", longest_px=2048)

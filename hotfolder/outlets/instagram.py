"""Instagram: JPEG in sRGB, at most 1440 px wide, between 4:5 and 1.91:1.

Source: "Image specifications" of Meta's API for publishing to Instagram, which also takes no more
than 8 MB: of pure noise, such a picture has 4.5 MB.
"""

from hotfolder.outlets.outlet import Outlet

OUTLET = Outlet(formats=("jpeg",), carries="origin", widest_px=1440, ratios=(4 / 5, 1.91))

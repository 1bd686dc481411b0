"""Stable Diffusion web UI (A1111, Forge): "PNG Info" reads its parameters and sends them on."""

from hotfolder.outlets.outlet import Outlet

OUTLET = Outlet(formats=("png", "jpeg", "webp"), carries="parameters")

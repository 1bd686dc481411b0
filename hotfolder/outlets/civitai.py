"""civitai.com: reads A1111's parameters, and links models and LoRAs by hashes of their files.

Source: `src/utils/metadata/automatic.metadata.ts` of civitai/civitai, and its hashes of the kind
AutoV2: the first ten digits of a file's SHA-256.
"""

from hotfolder.outlets.outlet import Outlet

OUTLET = Outlet(formats=("png", "jpeg", "webp"), carries="parameters", hashes=True)
"""Nothing is said of files' names, folders and word lists: it is shown to everybody."""

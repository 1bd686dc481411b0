"""What Ray reports, in a sentence for its owner."""

from __future__ import annotations

from ray import exceptions

_REFUSED = (
    "it wants a different token from this computer's; all computers need the same one, in "
    "RAY_AUTH_TOKEN or in the file ~/.ray/auth_token"
)
_NOTHING_SHOWN = (
    "there is no token on this computer; `ray get-auth-token --generate` makes one, and all "
    "computers of the cluster need it, in the file ~/.ray/auth_token"
)
_FULL = (
    "the cluster's object store is full, and so is the disk that it spills to; give `ray start` "
    "more with --object-store-memory, or make room"
)
_SILENT = (
    "it does not answer; `ray start --head` starts it there, and `ray start --address=…` has this "
    "computer join it"
)


def in_words(error: BaseException) -> str:
    """A sentence about an error of Ray's."""
    says = str(error)
    if isinstance(error, exceptions.RayTaskError) and error.cause is not None:
        return in_words(error.cause)
    if "no authentication token was found" in says:
        return _NOTHING_SHOWN
    full = (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError)
    if isinstance(error, full) or "object store is full" in says.lower():
        return _FULL
    if isinstance(error, exceptions.AuthenticationError) or "InvalidAuthToken" in _all(error):
        return _REFUSED
    if isinstance(error, OSError | TimeoutError):
        return _SILENT
    if isinstance(error, exceptions.ObjectLostError):
        return "a picture was lost on its way here"
    first = (says.splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"


def _all(error: BaseException | None) -> str:
    """What an error says, and all those that led to it."""
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(said)

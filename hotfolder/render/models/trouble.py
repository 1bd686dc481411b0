"""What went wrong between here and the hub: what will pass, and what its owner must see to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hotfolder.errors import ModelMissingError, NetworkError

_PORTAL = "the network answered with a page of its own; does it want you to log in first?"


@contextmanager
def in_words(repository: str, revision: str, file: str = "") -> Iterator[None]:
    """Turn whatever a request raises into NetworkError or ModelMissingError."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except (NetworkError, ModelMissingError):
        raise
    except errors.OfflineModeIsEnabled as error:
        raise ModelMissingError(
            f"{repository} is not on this computer, and HF_HUB_OFFLINE forbids fetching it"
        ) from error
    except errors.HfHubHTTPError as error:
        raise _of_answer(error, repository, revision, file) from error
    except httpx2.HTTPError as error:  # no answer at all, or one that broke off
        raise NetworkError(f"{_host()} cannot be reached ({_first_line(error)})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NetworkError(_PORTAL) from error


def _of_answer(
    error: Any, repository: str, revision: str, file: str
) -> ModelMissingError | NetworkError:
    """The sentence for a status that the hub, or something before it, gave."""
    from huggingface_hub import constants, errors

    answer = error.response
    page = f"https://huggingface.co/{repository}"
    if isinstance(error, errors.GatedRepoError):
        return ModelMissingError(
            f"{repository} wants its licence accepted: log in at {page} and accept it, make a "
            'token at https://huggingface.co/settings/tokens ("read" is enough), and save it as '
            f"the only line of {constants.HF_TOKEN_PATH}"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelMissingError(
            f"{repository} has no revision {revision} (any more); correct `revision` in the "
            f"profile, or leave it out; {page}/commits/main lists what there is"
        )
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return ModelMissingError(
            f"{repository} has no file {file} (any more); see {page}/tree/main"
        )
    said = answer.headers.get("X-Error-Message") or ""
    if answer.status_code == 401 and "credentials" in said:
        return ModelMissingError(
            f"the hub does not know the token in {constants.HF_TOKEN_PATH} or HF_TOKEN (any more); "
            "make a new one at https://huggingface.co/settings/tokens"
        )
    if isinstance(error, errors.RepositoryNotFoundError) or (said and answer.status_code == 401):
        return ModelMissingError(
            f"there is no model {repository} on the hub, or it is private; "
            "correct model.source in the profile (it is owner/name, as in the model's address)"
        )
    if isinstance(error, errors.DisabledRepoError):
        return ModelMissingError(f"the hub has taken {repository} down; choose another model")
    status = answer.status_code
    if said and status == 403:
        return ModelMissingError(f"the hub refuses {repository}: {said} ({status})")
    if status == 429:
        seconds = _seconds(answer.headers.get("Retry-After"))
        return NetworkError("the hub asks to wait (too many requests)", seconds)
    if status >= 500:
        return NetworkError(
            f"the hub has trouble of its own (status {status})",
            _seconds(answer.headers.get("Retry-After")),
        )
    return NetworkError(f"{_host()} answered with status {status}; something in between refuses it")


def _seconds(header: str | None) -> float:
    return min(3600.0, float(header)) if header and header.strip().isdigit() else 0.0


def _first_line(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0] or type(error).__name__


def _host() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT.partition("://")[2]

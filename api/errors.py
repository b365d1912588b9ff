"""From exceptions to responses: the only place that decides what an error looks like.

Every error body is Elasticsearch's: ``{"error": {"root_cause": […], "type", "reason", …}, "status"}``.
An exception that nobody foresaw becomes a 500 with an id; the trace goes to the log under that id and
nowhere else.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

import structlog
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed

from analysis import InvalidAnalysis
from indexer.errors import InvalidRequest, ParsingError, QuarryError

log = structlog.get_logger("quarry.api")


class UnreadableContent(QuarryError):
    """A body that is not JSON: malformed, not UTF-8, or nested too deeply."""

    type = "x_content_parse_exception"
    status = 400


class UnknownHandler(QuarryError):
    """A path that the API does not have, or has in Elasticsearch only."""

    type = "illegal_argument_exception"
    status = 400


class MethodNotAllowed(QuarryError):
    type = "method_not_allowed_exception"
    status = 405


class UnsupportedMediaType(QuarryError):
    """A Content-Type or an Accept that the API does not speak; Elasticsearch answers 406 for both."""

    type = "media_type_header_exception"
    status = 406


class ContentTooLong(QuarryError):
    type = "content_too_long_exception"
    status = 413


class ClientGone(QuarryError):
    """The body ended before it was complete: the client left, or its connection broke."""

    type = "incomplete_body_exception"
    status = 400


class ResourceMissing(QuarryError):
    type = "resource_not_found_exception"
    status = 404


class ClientTooSlow(QuarryError):
    type = "request_timeout_exception"
    status = 408


class Unavailable(QuarryError):
    type = "service_unavailable_exception"
    status = 503


def error_body(error: QuarryError) -> dict[str, Any]:
    """The whole response body of one error."""
    return body_of(error.to_dict(), error.status)


def body_of(cause: dict[str, Any], status: int) -> dict[str, Any]:
    """The whole response body around one cause (`type`, `reason`, …), as Elasticsearch nests it."""
    return {"error": {"root_cause": [cause], **cause}, "status": status}


def as_quarry_error(error: BaseException) -> QuarryError:
    """The error to answer with, whatever was raised; logs what nobody foresaw, with its trace."""
    if isinstance(error, QuarryError):
        return error
    if isinstance(error, ValidationError):
        return _from_validation(error)
    if isinstance(error, InvalidAnalysis):  # a file that an analyzer is made of has gone or is wrong
        return InvalidRequest(str(error))
    if isinstance(error, WerkzeugMethodNotAllowed):
        allowed = sorted(error.valid_methods or ())
        return MethodNotAllowed(f"this path takes [{', '.join(allowed)}] only", allowed=allowed)
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, RecursionError):
        return UnreadableContent("the request is nested too deeply; flatten it")
    incident = secrets.token_hex(8)
    log.error("unexpected error", incident=incident, exc_info=error)
    unexpected = QuarryError(
        f"something unforeseen went wrong; the server's log has the details under incident [{incident}]",
        incident=incident,
    )
    unexpected.type = "internal_server_error"
    return unexpected


def _from_http(error: HTTPException) -> QuarryError:
    status = error.code or 500
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    answer = QuarryError(error.description or name)
    answer.type, answer.status = f"{name}_exception", status
    return answer


def _from_validation(error: ValidationError) -> QuarryError:
    """The first complaint of a body's shape, in a sentence that names the part."""
    complaint = error.errors(include_url=False, include_context=False, include_input=False)[0]
    part = ".".join(str(step) for step in complaint["loc"]) or "body"
    if complaint["type"] == "extra_forbidden":
        return ParsingError(f"unknown key [{part}]: this request does not take it")
    if complaint["type"] == "missing":
        return ParsingError(f"[{part}] is missing: this request needs it")
    message = complaint["msg"]
    message = message.removeprefix("Value error, ")
    return InvalidRequest(f"[{part}]: {message[0].lower()}{message[1:]}")

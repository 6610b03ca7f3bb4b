"""Call a web address. Faults that may pass -- busy, broken, unreachable -- are told apart from refusals."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from engine.actions.duck import connect
from engine.actions.file_read import json_table
from engine.actions.http_redirects import WITH_BODY, open_url
from engine.actions.registry import handler
from engine.errors import ActionError, ExternalServiceError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.actions.context import StepContext

Params = Mapping[str, Any]

_CHUNK = 1 << 16
_MOST_BYTES = 1 << 30
_MOST_PARSED_BYTES = 64 << 20
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_PASSING = frozenset({408, 425, 429})
_MEDIA_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded", "text": "text/plain"}


@handler(effects="external")
async def request(params: Params, context: StepContext) -> dict[str, Any]:
    """Send a request and hand on its answer as JSON, text or a table."""
    url = _url(params.get("url"))
    download = context.artifacts.temporary(".download")
    try:
        async with _answer(params, url, context) as answer:
            await _save(answer, download, context)
            _check_status(answer, download, accept_errors=bool(params.get("accept_errors")))
            output: dict[str, Any] = {
                "status": answer.status,
                "headers": dict(answer.headers),
                "url": str(answer.url),
            }
            is_json = "json" in answer.content_type
            charset = answer.charset or "utf-8"
        return {**output, **await asyncio.to_thread(_content, params, download, is_json, charset, context)}
    finally:
        download.unlink(missing_ok=True)


@asynccontextmanager
async def _answer(params: Params, url: URL, context: StepContext) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer with its head read; connection faults come out as ExternalServiceError."""
    method = str(params.get("method") or "GET").upper()
    if method not in _METHODS:
        raise ActionError(f"There is no method '{method}'", hint=f"Use one of {', '.join(_METHODS)}.")
    seconds = float(params.get("timeout") or 30)
    headers = {str(name): str(value) for name, value in (params.get("headers") or {}).items()}
    query = {str(name): _query_text(value) for name, value in (params.get("query") or {}).items()}
    if method in WITH_BODY:
        _body(params, headers)  # what is wrong with it is said before anything is sent
    _sign_in(params.get("auth") or {}, headers)
    if method in ("POST", "PATCH"):
        headers.setdefault("Idempotency-Key", context.idempotency_key)
    where = f"{url.host}:{url.port}" if url.port not in (80, 443) else str(url.host)
    try:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            open_url(
                session,
                method,
                url.update_query(query),
                headers=headers,
                body=lambda: _body(params, headers),
                seconds=seconds,
                secrets=context.secrets.values(),
            ) as answer,
        ):
            yield answer
    except TimeoutError as error:
        raise ExternalServiceError(
            f"{where} did not answer within {seconds:g} s", hint="Try again later, or allow more time."
        ) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise ExternalServiceError(
            f"The certificate of {where} is not trusted",
            retryable=False,
            hint="Check the address, or ask whoever runs the server.",
        ) from error
    except aiohttp.ClientConnectorError as error:
        raise ExternalServiceError(
            f"{where} cannot be reached: {error.os_error.strerror or error.os_error}",
            hint="Check the address and the network.",
        ) from error
    except aiohttp.ClientError as error:
        raise ExternalServiceError(f"{where} broke off: {error}", hint="Try again later.") from error


def _url(given: object) -> URL:
    text = str(given or "").strip()
    if not text:
        raise ActionError("No address is given", hint="Write an address such as https://example.com/data.")
    try:
        url = URL(text)
    except ValueError as error:
        raise ActionError(f"'{text}' is not a web address", hint="Check how it is written.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ActionError(f"'{text}' is not a web address", hint="Begin with http:// or https://.")
    return url


def _query_text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _sign_in(auth: Mapping[str, Any], headers: dict[str, str]) -> None:
    kind = auth.get("type", "none")
    secret = str(auth.get("secret") or "")
    if kind == "none":
        return
    if not secret:
        raise ActionError(
            "The password or token to sign in with is empty", hint="Give it, or sign in with none."
        )
    if kind == "basic":
        pair = f"{auth.get('user') or ''}:{secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
    elif kind == "bearer":
        headers["Authorization"] = f"Bearer {secret}"
    else:
        raise ActionError(f"There is no way to sign in called '{kind}'", hint="Use none, basic or bearer.")


def _body(params: Params, headers: dict[str, str]) -> bytes | aiohttp.FormData | None:
    body, kind = params.get("body"), params.get("body_type", "json")
    if body in (None, ""):
        return None
    if kind not in _MEDIA_TYPES:
        raise ActionError(f"There is no body of the kind '{kind}'", hint="Use json, form or text.")
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = _MEDIA_TYPES[kind]
    if kind == "text":
        return str(body).encode()
    value = _parsed_body(body)
    if kind == "json":
        return json.dumps(value, ensure_ascii=False).encode()
    if not isinstance(value, Mapping):
        raise ActionError("The form fields are no JSON object", hint='Write {"name": "value"}.')
    return aiohttp.FormData({str(name): _query_text(item) for name, item in value.items()})


def _parsed_body(body: object) -> object:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError as error:
        raise ActionError(f"The body is not JSON: {error}", hint="Correct it, or send plain text.") from error


async def _save(answer: aiohttp.ClientResponse, target: Path, context: StepContext) -> None:
    """Write the answer to a file as it arrives, however large it is."""
    total = answer.content_length or 0
    received = 0
    with target.open("wb") as sink:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            received += len(chunk)
            if received > _MOST_BYTES:
                raise ActionError(
                    f"The answer is larger than {_MOST_BYTES >> 20} MB",
                    hint="Ask the server for less at a time.",
                )
            sink.write(chunk)
            if total:
                context.progress(received / total, f"{received:,} of {total:,} bytes")


def _check_status(answer: aiohttp.ClientResponse, download: Path, *, accept_errors: bool) -> None:
    status = answer.status
    if status < 400 or accept_errors:
        return
    said = download.read_bytes()[:200].decode("utf-8", "replace").strip()
    reason = answer.reason or _phrase(status)
    passing = status in _PASSING or status >= 500
    raise ExternalServiceError(
        f"{answer.url.host} answered {status} {reason}".rstrip(),
        status=status,
        retryable=passing,
        retry_after=_retry_after(answer.headers.get("Retry-After")),
        hint=f"It said: {said}"
        if said
        else ("Try again later." if passing else "Check the address and sign-in."),
    )


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else ""


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, as the server asks: a number of them, or a date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
        # Dates of HTTP are in UTC, whether they say so or not.
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _content(
    params: Params, download: Path, is_json: bool, charset: str, context: StepContext
) -> dict[str, Any]:
    """The body as it was asked for."""
    wanted, part = params.get("response", "auto"), str(params.get("response_path") or "")
    if wanted == "table":
        return {"body": None, **_as_table(download, part, context)}
    if download.stat().st_size > _MOST_PARSED_BYTES:
        raise ActionError(
            f"The answer is larger than {_MOST_PARSED_BYTES >> 20} MB", hint="Choose to take it as a table."
        )
    text = download.read_bytes().decode(charset, "replace")
    if wanted == "text" or (wanted == "auto" and not is_json and not part):
        return {"body": text}
    try:
        value = _part(json.loads(text), part)
    except ValueError as error:
        raise ActionError(f"The answer is not JSON: {error}", hint="Choose to take it as text.") from error
    output: dict[str, Any] = {"body": value}
    is_records = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    if wanted == "auto" and is_records:
        download.write_text(json.dumps(value), encoding="utf-8")
        output.update(_as_table(download, "", context))
    return output


def _as_table(path: Path, records: str, context: StepContext) -> dict[str, Any]:
    if path.stat().st_size == 0:
        raise ActionError("The answer is empty", hint="Check the address, or take the answer as text.")
    with connect(context) as duck:
        table = json_table(duck, path, records=records)
    return {"table": table, "rows": table["rows"]}


def _part(value: Any, path: str) -> Any:
    """The part of a JSON answer at a path such as data.items or rows.0.name."""
    for name in filter(None, path.removeprefix("$").split(".")):
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            there = ", ".join(list(value)[:12]) if isinstance(value, dict) else f"{type(value).__name__}"
            raise ActionError(f"The answer has no '{name}' ('{path}')", hint=f"There is: {there}.")
    return value

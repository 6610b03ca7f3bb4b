"""Follow where a server sends us, and take nothing along that is meant for it alone."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import truststore
from yarl import URL

from engine.errors import ExternalServiceError

MOST_REDIRECTS: Final = 10
WITH_BODY: Final = ("POST", "PUT", "PATCH")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OF_THE_BODY: Final = frozenset({"content-type", "content-length", "content-encoding"})
# Names under which services expect what proves who is asking.
_PRIVATE: Final = re.compile(
    r"(^|-)(authorization|auth|cookie2?|token|secret|password|credentials?|session|signature"
    r"|apikey|(api|access|private|subscription|account|functions|master|app)-key)(-|$)",
    re.IGNORECASE,
)

Body = Callable[[], Any]


@asynccontextmanager
async def open_url(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: dict[str, str],
    body: Body,
    seconds: float,
    secrets: Collection[str] = (),
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer at the end of all redirects. body: makes the body anew for each request.

    Where scheme, host or port change, headers that say who we are, or hold one of the `secrets`, stay behind.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        answer = await session.request(
            method,
            url,
            headers=headers,
            data=body() if method in WITH_BODY else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=max(0.001, deadline - clock())),
            ssl=_trust() if url.scheme == "https" else True,
        )
        target = _target(answer)
        if target is None:
            async with answer:
                yield answer
            return
        answer.release()
        if target.origin() != url.origin():
            headers = {name: text for name, text in headers.items() if not _is_private(name, text, secrets)}
        if _becomes_get(method, answer.status):
            method = "GET"
            headers = {name: text for name, text in headers.items() if name.lower() not in _OF_THE_BODY}
        url = target
    raise ExternalServiceError(
        f"{url.host} sends us on more than {MOST_REDIRECTS} times",
        retryable=False,
        hint="Check the address, and whether the server wants a sign-in.",
    )


def _target(answer: aiohttp.ClientResponse) -> URL | None:
    """Where the answer sends us, if it does."""
    location = answer.headers.get("Location") or answer.headers.get("URI")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        target = answer.url.join(URL(location))
    except ValueError:
        target = None
    if target is None or target.scheme not in ("http", "https") or not target.host:
        answer.close()
        raise ExternalServiceError(
            f"{answer.url.host} sends us on to what is no web address: {location}",
            retryable=False,
            hint="Ask whoever runs the server; nothing but http:// and https:// is followed.",
        )
    return target


def _becomes_get(method: str, status: int) -> bool:
    """As browsers do it: only 307 and 308 repeat a request that changes something."""
    return (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")


def _is_private(name: str, text: str, secrets: Collection[str]) -> bool:
    return _PRIVATE.search(name) is not None or any(secret and secret in text for secret in secrets)


def _trust() -> ssl.SSLContext:
    # The system's certificates, as the browser has them: companies add their own there.
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

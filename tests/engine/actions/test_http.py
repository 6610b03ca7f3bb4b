"""HTTP: what is sent, what comes back, and which faults may pass."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.actions.http import _retry_after, request
from engine.errors import ActionError, ExternalServiceError
from tests.support.step_context import Bench, names

RECORDS = [{"id": 1, "name": "Anna"}, {"id": 2, "name": "Bo"}]


async def answer(incoming: web.Request) -> web.StreamResponse:
    match incoming.path:
        case "/records":
            return web.json_response(RECORDS)
        case "/nested":
            return web.json_response({"data": {"items": RECORDS, "count": 2}})
        case "/text":
            return web.Response(text="héllo", charset="latin-1")
        case "/echo":
            return web.json_response(
                {
                    "method": incoming.method,
                    "query": dict(incoming.query),
                    "headers": {name.lower(): value for name, value in incoming.headers.items()},
                    "body": await incoming.text(),
                }
            )
        case "/busy":
            return web.Response(
                status=503, text="busy", headers={"Retry-After": incoming.query.get("after", "7")}
            )
        case "/moved":
            return web.Response(status=302, headers={"Location": incoming.query.get("to", "/records")})
        case "/round":
            raise web.HTTPFound("/round")
        case "/sent_on":
            to = incoming.query["to"]
            return web.Response(status=int(incoming.query["status"]), headers={"Location": to})
        case "/unsaid":
            return web.Response(status=302, text="nowhere")
        case "/slow":
            await asyncio.Event().wait()
        case "/cut":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(incoming)
            await response.write(b"short")
            assert incoming.transport is not None
            incoming.transport.abort()
            return response
        case "/empty":
            return web.Response()
    return web.Response(status=404, text="nothing here")


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    running = TestServer(app)
    await running.start_server()
    try:
        yield str(running.make_url("/"))
    finally:
        await running.close()


async def called(bench: Bench, path: str, **params: Any) -> dict[str, Any]:
    async with server() as url:
        output: dict[str, Any] = await request({"url": url + path, **params}, bench.context)
    assert list((bench.folder / ".artifacts" / "unfinished").iterdir()) == []
    return output


async def fault(bench: Bench, path: str, **params: Any) -> Any:
    with pytest.raises((ActionError, ExternalServiceError)) as caught:
        await called(bench, path, **params)
    return caught.value


@pytest.mark.asyncio
class TestAnswer:
    async def test_that_records_become_a_table_by_themselves(self, bench: Bench) -> None:
        output = await called(bench, "records")
        assert (output["status"], output["body"], output["rows"]) == (200, RECORDS, 2)
        assert names(output["table"]) == ["id", "name"]
        assert bench.rows(output["table"]) == [(1, "Anna"), (2, "Bo")]

    @pytest.mark.parametrize("params", [{"response": "table"}, {"response": "auto"}])
    async def test_that_records_are_taken_out_of_a_document(
        self, bench: Bench, params: dict[str, Any]
    ) -> None:
        output = await called(bench, "nested", response_path="data.items", **params)
        assert bench.rows(output["table"]) == [(1, "Anna"), (2, "Bo")]

    async def test_that_a_part_of_a_document_is_handed_on(self, bench: Bench) -> None:
        assert (await called(bench, "nested", response_path="data.count"))["body"] == 2
        assert (await called(bench, "nested", response_path="data.items.1.name"))["body"] == "Bo"

    async def test_that_text_comes_in_its_encoding(self, bench: Bench) -> None:
        output = await called(bench, "text")
        assert output["body"] == "héllo"
        assert "table" not in output

    @pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/x", "http://[bad"])
    async def test_that_a_redirect_to_anything_but_the_web_is_refused(self, bench: Bench, to: str) -> None:
        error = await fault(bench, "moved", query={"to": to})
        assert isinstance(error, ExternalServiceError)
        assert not error.retryable
        assert "no web address" in error.message

    async def test_that_a_redirect_is_followed(self, bench: Bench) -> None:
        assert (await called(bench, "moved"))["url"].endswith("/records")

    async def test_that_progress_is_reported(self, bench: Bench) -> None:
        await called(bench, "records")
        assert bench.reports.progressed[-1][0] == 1.0

    @pytest.mark.parametrize(
        ("path", "params", "message"),
        [
            ("text", {"response": "json"}, "The answer is not JSON"),
            ("nested", {"response_path": "data.rows"}, "The answer has no 'rows' ('data.rows')"),
            ("nested", {"response_path": "data", "response": "table"}, "There is no list at 'data'"),
            ("empty", {"response": "table"}, "The answer is empty"),
        ],
    )
    async def test_that_an_answer_of_another_kind_says_so(
        self, bench: Bench, path: str, params: dict[str, Any], message: str
    ) -> None:
        assert message in (await fault(bench, path, **params)).message


@pytest.mark.asyncio
class TestRequest:
    async def test_that_query_headers_and_body_are_sent(self, bench: Bench) -> None:
        output = await called(
            bench, "echo?a=1", method="POST", query={"b": 2, "c": True}, headers={"X-Own": "yes"},
            body='{"n": 1}', response="json",
        )  # fmt: skip
        sent = output["body"]
        assert (sent["method"], sent["query"], sent["body"]) == (
            "POST",
            {"a": "1", "b": "2", "c": "true"},
            '{"n": 1}',
        )
        assert sent["headers"]["x-own"] == "yes"
        assert sent["headers"]["content-type"] == "application/json"
        assert sent["headers"]["idempotency-key"] == "run:step"

    @pytest.mark.parametrize(
        ("kind", "body", "sent"),
        [
            ("json", {"a": 1}, '{"a": 1}'),
            ("text", "plain", "plain"),
            ("form", '{"a": "x y", "b": true}', "a=x+y&b=true"),
        ],
    )
    async def test_that_a_body_has_its_kind(self, bench: Bench, kind: str, body: Any, sent: str) -> None:
        output = await called(bench, "echo", method="PUT", body=body, body_type=kind)
        assert output["body"]["body"] == sent

    async def test_that_a_body_is_not_sent_with_get(self, bench: Bench) -> None:
        assert (await called(bench, "echo", body="{}"))["body"]["body"] == ""

    @pytest.mark.parametrize(
        ("auth", "header"),
        [({"type": "basic", "user": "ada", "secret": "pw"}, "Basic YWRhOnB3"),
         ({"type": "bearer", "secret": "t0k"}, "Bearer t0k")],
    )  # fmt: skip
    async def test_that_it_signs_in(self, bench: Bench, auth: dict[str, str], header: str) -> None:
        output = await called(bench, "echo", auth=auth)
        assert output["body"]["headers"]["authorization"] == header

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"url": ""}, "No address is given"),
            ({"url": "ftp://example.com"}, "is not a web address"),
            ({"url": "http://[bad"}, "is not a web address"),
            ({"method": "FETCH"}, "There is no method 'FETCH'"),
            ({"auth": {"type": "bearer"}}, "token to sign in with is empty"),
            ({"auth": {"type": "magic", "secret": "x"}}, "no way to sign in called 'magic'"),
            ({"method": "POST", "body": "{"}, "The body is not JSON"),
            ({"method": "POST", "body": "[1]", "body_type": "form"}, "no JSON object"),
            ({"method": "POST", "body": "x", "body_type": "xml"}, "no body of the kind 'xml'"),
        ],
    )
    async def test_that_a_bad_parameter_says_why(
        self, bench: Bench, params: dict[str, Any], message: str
    ) -> None:
        assert message in (await fault(bench, "echo", **params)).message


@pytest.mark.asyncio
class TestRedirects:
    PRIVATE: ClassVar = {
        "Cookie": "id=1",
        "Proxy-Authorization": "Basic x",
        "X-Api-Key": "k",
        "X-Auth-Token": "t",
        "PRIVATE-TOKEN": "t",
        "Ocp-Apim-Subscription-Key": "k",
    }

    async def heard(self, bench: Bench, *, elsewhere: bool, **params: Any) -> dict[str, Any]:
        """What the server at the end of the redirect was sent."""
        async with server() as here, server() as there:
            to = (there if elsewhere else "/") + "echo"
            asked = {"to": to, "status": params.pop("status", 302)}
            output = await request({"url": f"{here}sent_on", "query": asked, **params}, bench.context)
        sent: dict[str, Any] = output["body"]
        return sent

    async def test_that_nobody_else_learns_who_we_are(self, bench: Bench) -> None:
        bench.context.secrets = {"code": "hush"}
        headers = {**self.PRIVATE, "X-Own": "yes", "X-Harmless": "hush hush", "Idempotent": "no key"}
        auth = {"type": "bearer", "secret": "s"}
        sent = (await self.heard(bench, elsewhere=True, headers=headers, auth=auth))["headers"]
        assert not {name.lower() for name in self.PRIVATE} & set(sent)
        assert "authorization" not in sent
        assert "x-harmless" not in sent  # its value is a secret
        assert (sent["x-own"], sent["idempotent"]) == ("yes", "no key")

    async def test_that_the_same_server_still_knows_us(self, bench: Bench) -> None:
        auth = {"type": "bearer", "secret": "s"}
        sent = (await self.heard(bench, elsewhere=False, headers=self.PRIVATE, auth=auth))["headers"]
        assert {name.lower() for name in self.PRIVATE} <= set(sent)
        assert sent["authorization"] == "Bearer s"

    @pytest.mark.parametrize(
        ("method", "status", "expected"),
        [
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("PUT", 303, "GET"),
            ("PUT", 302, "PUT"),
            ("POST", 307, "POST"),
            ("POST", 308, "POST"),
            ("GET", 301, "GET"),
        ],
    )
    async def test_that_a_change_is_repeated_only_where_the_server_says_so(
        self, bench: Bench, method: str, status: int, expected: str
    ) -> None:
        form = {"body": '{"a": "b"}', "body_type": "form"}
        sent = await self.heard(bench, elsewhere=True, method=method, status=status, **form)
        assert sent["method"] == expected
        assert sent["body"] == ("a=b" if expected != "GET" else "")
        assert ("content-type" in sent["headers"]) is (expected != "GET")

    async def test_that_a_circle_ends(self, bench: Bench) -> None:
        error = await fault(bench, "round")
        assert "sends us on more than 10 times" in error.message
        assert not error.retryable

    async def test_that_a_redirect_to_nowhere_is_an_answer(self, bench: Bench) -> None:
        assert (await called(bench, "unsaid"))["body"] == "nowhere"


@pytest.mark.asyncio
class TestFaults:
    async def test_that_a_busy_server_may_be_asked_again_when_it_says(self, bench: Bench) -> None:
        error = await fault(bench, "busy")
        assert (error.status, error.retryable, error.retry_after) == (503, True, 7.0)
        assert error.message == "127.0.0.1 answered 503 Service Unavailable"
        assert error.hint == "It said: busy"

    @pytest.mark.parametrize("zone", [" GMT", " -0000", ""])
    async def test_that_a_date_is_one_of_utc_wherever_this_computer_stands(
        self, zone: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        try:
            at = datetime.now(UTC) + timedelta(seconds=600)
            asked = _retry_after(f"{at:%a, %d %b %Y %H:%M:%S}{zone}")
        finally:
            monkeypatch.undo()
            time.tzset()
        assert asked is not None
        assert 500 < asked <= 600

    @pytest.mark.parametrize(
        ("after", "expected"), [("Mon, 01 Jan 2001 00:00:00 GMT", 0.0), ("soon", None), ("-3", 0.0)]
    )
    async def test_that_when_to_ask_again_is_read_in_every_form(
        self, bench: Bench, after: str, expected: float | None
    ) -> None:
        assert (await fault(bench, "busy", query={"after": after})).retry_after == expected

    async def test_that_a_refusal_is_final(self, bench: Bench) -> None:
        error = await fault(bench, "gone")
        assert (error.status, error.retryable) == (404, False)
        assert (await called(bench, "gone", accept_errors=True))["status"] == 404

    async def test_that_a_silent_server_times_out(self, bench: Bench) -> None:
        error = await fault(bench, "slow", timeout=0.05)
        assert "did not answer within 0.05 s" in error.message
        assert error.retryable

    async def test_that_an_answer_that_breaks_off_may_be_asked_for_again(self, bench: Bench) -> None:
        assert (await fault(bench, "cut")).retryable

    async def test_that_a_server_that_is_not_there_is_named(self, bench: Bench) -> None:
        async with server() as url:
            gone = url
        with pytest.raises(ExternalServiceError, match="cannot be reached") as caught:
            await request({"url": gone}, bench.context)
        assert caught.value.retryable

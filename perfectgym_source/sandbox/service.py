"""The API as a WSGI application: sign-in, endpoints, paging, faults and records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from . import parsing
from .accounts import (
    Account,
    Accounts,
    api_client,
    employee_account,
    member_account,
)
from .endpoints import TOKEN_PATH, USER, Endpoint
from .faults import Fault, Faults
from .limits import Limits
from .pages import Pages
from .records import RecordedRequest
from .replies import (
    Reply,
    broken,
    envelope,
    json_reply,
    not_found,
    odata_error,
    unauthorized,
)
from .sign_in import Absent, sign_in
from .v22 import service as v22
from .world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

APIS = ("v1", "v2.2")
"""The generations of the API that a sandbox can serve; v2.2 has the endpoints of v1 beside it."""

_BASE = "/api/"


class Service:
    """Everything that answers requests, apart from the port.

    Attributes:
        world: the rows that are served.
        api: `v1`, or `v2.2`: then its sets are served too, and its key headers open both.
        employee, member: the demo accounts, one for each mode.
        client: the pair of keys of v2.2.
        keys_hold: whether that pair is valid; false as after its right was taken away.
        accounts: who may sign in, and the tokens that hold.
        faults: what is to go wrong.
        requests, token_requests: those to the API, and those to the token endpoint, in order.
        violations: those of `requests` that must never be made: endpoints that change data,
            and any method but GET; with the key headers, also any path that is neither below
            `/Api/v2.2/odata/` nor an endpoint of v1, and a query with the secret in it.
        errors: exceptions inside the sandbox or its hook; the answer to each was 500.
        delay: seconds that each request waits after its token check.
        limits: how many requests it takes at once, and in a second.
        expires_in: what the token answer says: seconds, None, any text, or `ABSENT`.
        token_lifetime: how long tokens really hold, in seconds; None: as `expires_in` says, or
            90 days where that is no positive number.
        single_session: whether a sign-in ends the tokens that its account had before.
        on_request: called with each authorized request before it is answered, outside any lock.
    """

    def __init__(
        self,
        world: World,
        expires_in: float | str | Absent | None,
        token_lifetime: float | None,
        delay: float,
        api: str = "v1",
    ) -> None:
        if api not in APIS:
            raise ValueError(f"no API {api!r}: choose from {', '.join(APIS)}")
        self.world = world
        self.api = api
        own = world.member_id
        email = None if own is None else world.find("users", own)["email"]
        self.employee = employee_account(world.seed)
        self.member = member_account(world.seed, email, own)
        self.client = api_client(world.seed)
        self.keys_hold = True
        self.faults = Faults()
        self.requests: list[RecordedRequest] = []
        self.token_requests: list[RecordedRequest] = []
        self.violations: list[RecordedRequest] = []
        self.errors: list[Exception] = []
        self.delay = delay
        self.limits = Limits()
        self.expires_in = expires_in
        self.token_lifetime = token_lifetime
        self.single_session = False
        self.on_request: Callable[[RecordedRequest], None] | None = None
        self.accounts = Accounts([self.employee, self.member])
        self._records = Lock()
        self._pages = Pages(world)
        self._odata = v22.Odata(world.sets) if api == "v2.2" else None

    def clear_records(self) -> None:
        """Forget all requests, violations and errors so far."""
        with self._records:
            self.requests = []
            self.token_requests = []
            self.violations = []
            self.errors = []

    def revoke_tokens(self) -> None:
        """Make every token that was given so far invalid."""
        self.accounts.revoke()

    @property
    def issued_tokens(self) -> list[str]:
        """Every token that was ever given, valid or not."""
        return list(self.accounts.issued)

    def unlock_accounts(self) -> None:
        """Open accounts that locked after wrong sign-ins."""
        self.accounts.unlock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        record = RecordedRequest(environ["REQUEST_METHOD"], "", started=time.monotonic())
        form = _read(environ)
        try:
            reply = self._answer(environ, record, form)
        except Exception as error:
            with self._records:
                self.errors.append(error)
            reply = json_reply(500, {"message": f"{type(error).__name__}: {error}"})
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            reply.compress()
        record.status = reply.status
        record.seconds = time.monotonic() - record.started
        if reply.dropped:
            raise ConnectionAbortedError("dropped on order")
        headers, parts = reply.wire()
        start_response(reply.status_line, headers)
        return parts

    def _answer(self, environ: WSGIEnvironment, record: RecordedRequest, form: bytes) -> Reply:
        full = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        inside = full.lower().startswith(_BASE)
        path = full[len(_BASE) :].strip("/") if inside else full
        if inside and path.lower() == TOKEN_PATH:
            record.path = TOKEN_PATH
            return self._token(environ, record, form)
        given: dict[str, str] = {}
        for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
            given.setdefault(name, value)
        if inside and self._odata is not None and path.lower().startswith("v2.2/"):
            return self._answer_sets(self._odata, environ, record, path, given)
        record.params = parsing.documented(given)
        endpoint = parsing.match(path, record.params) if inside else None
        trap = parsing.trap(path) if inside else None
        record.path = endpoint.path if endpoint else trap or path
        record.table = endpoint.table if endpoint else None
        account = self.accounts.holder(environ.get("HTTP_AUTHORIZATION", ""))
        if account is None and self._has_keys(environ):
            account = self.employee
        is_astray = endpoint is None and self.api == "v2.2" and "HTTP_X_CLIENT_SECRET" in environ
        forbidden = trap is not None or record.method != "GET" or is_astray
        if not self._note(record, account, forbidden):
            return _refuse(record)
        if account is None:
            return unauthorized()
        fault = self._wait(record)
        reply = self._strike(fault, record)
        if reply is not None:
            return reply
        if endpoint is None:
            return not_found(full)
        zipped = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        repeated = fault is not None and fault.kind == "repeat_page"
        reply = self._serve(endpoint, record, account.user_id, zipped, repeated)
        reply.truncated = fault is not None and fault.kind == "truncate"
        return reply

    def _answer_sets(
        self,
        odata: v22.Odata,
        environ: WSGIEnvironment,
        record: RecordedRequest,
        path: str,
        given: dict[str, str],
    ) -> Reply:
        """Answer a request below `/Api/v2.2/`, which takes the key headers only."""
        request = v22.request_of(path, given)
        record.path, record.params, record.table = request.path, request.options, request.name
        account = self.employee if self._has_keys(environ) else None
        query = environ.get("QUERY_STRING", "")
        has_secret = self.client.client_secret in f"{path}?{unquote_plus(query)}"
        forbidden = record.method != "GET" or not path.startswith(v22.ROOT) or has_secret
        if not self._note(record, account, forbidden):
            return _refuse(record)
        if account is None:
            return odata_error(401, "Authorization has been denied for this request.")
        fault = self._wait(record)
        reply = self._strike(fault, record, is_odata=True)
        if reply is not None:
            return reply
        time.sleep(odata.slowness(request))
        base = f"http://{environ['HTTP_HOST']}/Api"
        language = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        reply = odata.answer(request, base, query, language, fault)
        reply.truncated = fault is not None and fault.kind == "truncate"
        return reply

    def _has_keys(self, environ: WSGIEnvironment) -> bool:
        """Whether a request carries the pair of keys, and the pair holds."""
        given = (environ.get(f"HTTP_X_CLIENT_{name}", "") for name in ("ID", "SECRET"))
        return self.api == "v2.2" and self.keys_hold and self.client.opens(*given)

    def _note(self, record: RecordedRequest, account: Account | None, forbidden: bool) -> bool:
        """Record a request; gives whether it may be made at all."""
        if account is not None:
            record.mode, record.authorized = account.mode, True
        with self._records:
            self.requests.append(record)
            if forbidden:
                self.violations.append(record)
        return not forbidden

    def _wait(self, record: RecordedRequest) -> Fault | None:
        """Let an authorized request wait and the hook see it; gives the fault that strikes it."""
        refusal = self.limits.work(self.delay)
        if self.on_request is not None:
            self.on_request(record)
        return refusal or self.faults.strike(record.path, record.params)

    def _strike(
        self, fault: Fault | None, record: RecordedRequest, is_odata: bool = False
    ) -> Reply | None:
        if fault is None:
            return None
        record.fault = fault.kind
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault.kind == "revoke":
            self.revoke_tokens()
            denied = odata_error(401, "Authorization has been denied for this request.")
            return denied if is_odata else unauthorized()
        return broken(fault, is_odata)

    def _serve(
        self,
        endpoint: Endpoint,
        record: RecordedRequest,
        own_id: int | None,
        zipped: bool,
        repeated: bool,
    ) -> Reply:
        user_mode = record.mode == USER
        if ("U" if user_mode else "E") not in endpoint.modes:
            return envelope(403, "AccessDenied", None, f"No access in {record.mode} mode.")
        try:
            values = parsing.convert(endpoint, record.params, own_id, user_mode)
        except parsing.BadRequest as bad:
            return envelope(400, bad.code, bad.property, bad.message)
        except PermissionError as denied:
            return envelope(403, "AccessDenied", "userId", str(denied))
        return self._pages.reply(endpoint, self._pages.turn(endpoint, values, repeated), zipped)

    def _token(self, environ: WSGIEnvironment, record: RecordedRequest, body: bytes) -> Reply:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        password = form.pop("password", "")
        record.params = form
        has_keys = self.api == "v2.2" and "HTTP_X_CLIENT_SECRET" in environ
        with self._records:
            self.token_requests.append(record)
            if has_keys:
                self.violations.append(record)
        if record.method != "POST":
            return json_reply(405, {"message": "The token endpoint takes POST."}, {"Allow": "POST"})
        fault = self.faults.strike(TOKEN_PATH, form)
        reply = self._strike(fault, record)
        if reply is not None:
            return reply
        reply = sign_in(self, environ.get("CONTENT_TYPE", ""), form, password, record)
        reply.truncated = fault is not None and fault.kind == "truncate"
        return reply


def _refuse(record: RecordedRequest) -> Reply:
    if record.method != "GET":
        message = f"The method {record.method} is not supported."
        return json_reply(405, {"message": message}, {"Allow": "GET"})
    return envelope(400, "ChangesData", None, f"{record.path} changes data: never call it.")


def _read(environ: WSGIEnvironment) -> bytes:
    """The body of a request, read to its end so that the connection can be used again."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    length = environ.get("CONTENT_LENGTH") or "0"
    return bytes(stream.read(int(length))) if length.isdigit() and int(length) else b""

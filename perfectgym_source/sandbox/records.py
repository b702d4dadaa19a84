"""What the sandbox remembers of each request."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class RecordedRequest:
    """One request, as it came in and as it was answered.

    Attributes:
        method: the HTTP method.
        path: the path below `/Api`, in the documented spelling: `Classes/Classes`.
        params: query parameters (of the older form, those in the path) in their documented
            spelling, as text; for the token endpoint the form without the password.
        table: the table of the facts that the request reads, if it reads one.
        mode: `employee` or `user`; empty without a valid token.
        authorized: whether it carried a valid token (for the token endpoint: got one).
        status: the HTTP status of the answer; 0 while unanswered and after a dropped connection.
        started: when it came, on `time.monotonic()`.
        seconds: how long the answer took.
        fault: the kind of the fault that struck it, if one did.
    """

    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    table: str | None = None
    mode: str = ""
    authorized: bool = False
    status: int = 0
    started: float = 0.0
    seconds: float = 0.0
    fault: str | None = None

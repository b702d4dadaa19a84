"""The source and clients of a sandbox, which do not wait long."""

from __future__ import annotations

from typing import Any

from perfectgym_source.api.client import Client
from perfectgym_source.config.settings import make_settings
from perfectgym_source.sandbox import Sandbox


def arguments_for(
    sandbox: Sandbox, *resources: str, mode: str = "employee", **more: Any
) -> dict[str, Any]:
    """The arguments of the source, with the default groups if no resources are named."""
    account = sandbox.employee if mode == "employee" else sandbox.member
    return {
        "base_url": sandbox.base_url,
        "username": account.username,
        "password": account.password,
        "mode": mode,
        "retry_wait": 0.01,
        "max_retry_wait": 0.05,
        **({"resources": list(resources)} if resources else {}),
        **more,
    }


def make_client(sandbox, auth=None, sleep=None, **options):
    settings = make_settings(
        base_url=sandbox.base_url,
        username=sandbox.employee.username,
        password=options.pop("password", sandbox.employee.password),
        **{"retry_wait": 0.01, **options},
    )
    return Client(settings, auth, sleep=sleep)

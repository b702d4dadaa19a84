"""Clients of the sandbox that do not wait long."""

from __future__ import annotations

from perfectgym_source.api.client import Client
from perfectgym_source.config.settings import make_settings


def make_client(sandbox, auth=None, sleep=None, **options):
    options = {"retry_wait": 0.01, **options}
    settings = make_settings(
        base_url=sandbox.base_url,
        username=sandbox.employee.username,
        password=options.pop("password", sandbox.employee.password),
        **options,
    )
    return Client(settings, auth, sleep=sleep)

"""A Singer tap on singer-sdk, as its template lays one out: clubs, and the classes of each.

Runs in an environment of its own, and writes Singer messages to standard output:

    python tap.py --config FILE        where FILE holds {"api_url": BASE_URL}
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import requests
from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator, SingletonMeta
from singer_sdk.pagination import BaseAPIPaginator
from singer_sdk.streams import RESTStream

PAGE_SIZE = 100

_TEXT, _INTEGER, _NUMBER = th.StringType(), th.IntegerType(), th.NumberType()
_RATING = th.ObjectType(
    th.Property("rating", _NUMBER),
    th.Property("submitionsCount", _INTEGER),
    th.Property("rankingFactor", _NUMBER),
    th.Property("votesCount", _INTEGER),
    th.Property("rankingSort", _NUMBER),
)
_CATEGORY = th.ObjectType(
    th.Property("id", _INTEGER), th.Property("name", _TEXT), th.Property("description", _TEXT)
)
_CLASS_TYPE = th.ObjectType(
    th.Property("id", _INTEGER),
    th.Property("name", _TEXT),
    th.Property("description", _TEXT),
    th.Property("colorRGB", _TEXT),
    th.Property("photoUrl", _TEXT),
    th.Property("iconUrl", _TEXT),
    th.Property("rating", _RATING),
    th.Property("category", _CATEGORY),
)
_INSTRUCTOR = th.ObjectType(
    th.Property("id", _INTEGER),
    th.Property("firstName", _TEXT),
    th.Property("lastName", _TEXT),
    th.Property("displayName", _TEXT),
    th.Property("photoUrl", _TEXT),
    th.Property("sex", _TEXT),
    th.Property("rating", _RATING),
)
_ADDRESS = th.ObjectType(
    *(
        th.Property(name, _TEXT)
        for name in ("line1", "line2", "postalCode", "city", "country", "countrySymbol")
    )
)
_CLUB = th.ObjectType(
    th.Property("id", _INTEGER),
    *(
        th.Property(name, _TEXT)
        for name in ("name", "shortName", "symbol", "email", "phoneNumber", "timeZone")
    ),
    th.Property("address", _ADDRESS),
)


class PasswordGrant(OAuthAuthenticator, metaclass=SingletonMeta):
    """Signs in with a user's name and password."""

    @property
    def oauth_request_body(self) -> dict[str, Any]:
        return {"grant_type": "password", "username": "u", "password": "p"}


class RowVersionPaginator(BaseAPIPaginator[int]):
    """Goes on after the `timestamp` of the last row, until a page is not full."""

    def get_next(self, response: requests.Response) -> int | None:
        rows = response.json()["elements"]
        return rows[-1]["timestamp"] if len(rows) == PAGE_SIZE else None


class ClassesStream(RESTStream[int]):
    """The classes of each club."""

    name = "classes"
    path = "/Classes/Classes"
    records_jsonpath = "$.elements[*]"
    primary_keys = ("id",)
    replication_key = "timestamp"
    is_sorted = True
    schema = th.PropertiesList(
        th.Property("id", _INTEGER),
        th.Property("clubId", _INTEGER),
        th.Property("timestamp", _INTEGER),
        th.Property("isDeleted", th.BooleanType()),
        th.Property("classType", _CLASS_TYPE),
        th.Property("instructor", _INSTRUCTOR),
        th.Property("club", _CLUB),
        th.Property("startDate", th.DateTimeType()),
        th.Property("endDate", th.DateTimeType()),
        th.Property("attendeesCount", _INTEGER),
        th.Property("attendeesLimit", _INTEGER),
        th.Property("clubZone", _TEXT),
        th.Property("clubZoneMapUrl", _TEXT),
        th.Property("colorRGB", _TEXT),
        th.Property("allowBookSeatNumber", th.BooleanType()),
    ).to_dict()

    @property
    def url_base(self) -> str:
        return str(self.config["api_url"])

    @cached_property
    def authenticator(self) -> PasswordGrant:
        return PasswordGrant(auth_endpoint=f"{self.url_base}/oauth/authorize")

    @cached_property
    def partitions(self) -> list[dict[str, Any]]:
        return [{"clubId": identity} for identity in self._club_ids()]

    def get_new_paginator(self) -> RowVersionPaginator:
        return RowVersionPaginator(start_value=0)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        start = self.get_starting_replication_key_value(context) or 0
        return {"clubId": context["clubId"], "timestamp": next_page_token or start}

    def _club_ids(self) -> Iterable[int]:
        version = 0
        while True:
            answer = self.requests_session.get(
                f"{self.url_base}/Clubs/Clubs",
                params={"timestamp": version},
                auth=self.authenticator,
                timeout=self.timeout,
            )
            answer.raise_for_status()
            clubs = answer.json()["elements"]
            yield from (club["id"] for club in clubs)
            if len(clubs) < PAGE_SIZE:
                return
            version = clubs[-1]["timestamp"]


class TapPerfectGym(Tap):
    """The tap."""

    name = "tap-perfectgym"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType(), required=True)
    ).to_dict()

    def discover_streams(self) -> list[Stream]:
        return [ClassesStream(self)]


if __name__ == "__main__":
    TapPerfectGym.cli()

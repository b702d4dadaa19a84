"""Keys in headers: for one API only, and never shown."""

import copy
import pickle

import pytest
import requests
from support.tiny_api import KEYS, TINY, TinyServer

from perfectgym_source.api.auth.password_grant import PasswordGrantAuth, auth_for
from perfectgym_source.api.auth.signing import KeyHeaderAuth
from perfectgym_source.config.settings import Settings
from perfectgym_source.errors import ConfigurationError, SignInError

ID, SECRET = KEYS.values()


def test_keys_go_into_requests_to_the_api_and_to_no_other_origin():
    auth = KeyHeaderAuth("https://demo.example/Api", ID, SECRET)
    own = requests.Request("GET", "https://demo.example/Api/Clubs", auth=auth).prepare()
    assert {name: own.headers[name] for name in KEYS} == KEYS
    for other in ("https://evil.example/Api", "http://demo.example/Api", "https://demo.example:1/"):
        foreign = requests.Request("GET", other, auth=auth).prepare()
        assert not KEYS.keys() & foreign.headers.keys()


def test_refused_keys_are_an_error_that_does_not_show_them():
    with TinyServer() as server:
        auth = KeyHeaderAuth(server.base_url, ID, SECRET)
        path = f"{server.base_url}/Lockers?gym=1"
        assert requests.get(path, auth=auth, timeout=10).status_code == 200
        with pytest.raises(SignInError, match="refuses the client id and secret") as caught:
            requests.get(path, auth=KeyHeaderAuth(server.base_url, ID, "wrong"), timeout=10)
    assert "wrong" not in str(caught.value) and ID not in str(caught.value)


def test_keys_are_neither_shown_nor_stored():
    auth = KeyHeaderAuth("https://demo.example/Api", ID, SECRET)
    assert ID not in repr(auth) and SECRET not in repr(auth)
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(auth)
    assert copy.deepcopy(auth) is auth


def test_the_version_of_the_api_says_how_requests_are_signed():
    account = {"username": ID, "password": SECRET}
    pair = {"client_id": ID, "client_secret": SECRET}
    keys = auth_for(Settings("https://demo.example/Api", **pair, api=TINY))
    assert isinstance(keys, KeyHeaderAuth)
    assert isinstance(auth_for(Settings("https://demo.example/Api", **account)), PasswordGrantAuth)


@pytest.mark.parametrize("secret", ["", "TOPSECRET\n", "TOP SECRET", "TOPSECRET\u20ac"])
def test_a_secret_that_no_header_can_hold_is_refused_without_being_shown(secret):
    with pytest.raises(ConfigurationError, match="client secret") as caught:
        KeyHeaderAuth("https://demo.example/Api", ID, secret)
    assert "TOP" not in str(caught.value)


def test_keys_do_not_follow_a_redirect():
    with TinyServer() as server:
        auth = KeyHeaderAuth(server.base_url, ID, SECRET)
        request = requests.Request("GET", f"{server.base_url}/x", auth=auth).prepare()
        response = requests.Response()
        response.status_code, response.request = 302, request
        response.headers["Location"] = "https://evil.example/"
        assert KEYS.keys() <= request.headers.keys()
        for hook in request.hooks["response"]:
            hook(response)
        assert not KEYS.keys() & request.headers.keys()

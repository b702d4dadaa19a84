"""Configuration files that are read, and how a file that is no TOML is refused."""

import pytest

from perfectgym_source.config.toml_files import read_toml
from perfectgym_source.errors import ConfigurationError


def test_a_byte_order_mark_is_accepted(tmp_path):
    file = tmp_path / "secrets.toml"
    file.write_bytes(b"\xef\xbb\xbf[a]\r\nb = '\xc5\xbc'\r\n")
    assert read_toml(file).unwrap() == {"a": {"b": "ż"}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[a]\npassword = hunter2\n", "line 2, column 12"),
        (b"\xef\xbb\xbf[a]\npassword = hunter2\n", "line 2, column 12"),
        (b'[a]\npassword = "hunter2\\q"\n', "line 2, column "),
        (b'[a]\npassword = "hunter2\nb = 1\n', "line 2, column "),
        (b"[a]\nb = 1\n[c]\nb = 2\nb = 'hunter2'\n", "line 5 "),
        (b"[a]\nb = 'hunter2'\n[c]\n[a]\nd = 1\ne = 1\n", "line 4 "),
        (b"[a]\nb = 'hunter2'\n[[a]]\nd = 1\n[c]\n", "line 3 "),
        (b"[a]\nb.d = 'hunter2'\n[a.b]\nd = 1\n[c]\n", "line 3 "),
        ("[a]\npassword = 'hunter2ż'".encode("cp1250"), "UTF-8: line 2, column 20"),
        ("[a]\npassword = 'hunter2'".encode("utf-16"), "UTF-16"),
        ("[a]\npassword = 'hunter2'".encode("utf-16-le"), "UTF-16"),
        (b"hunter2", "line 1, column "),
    ],
)
def test_what_is_no_toml_is_refused_with_its_place_and_without_its_text(tmp_path, content, words):
    file = tmp_path / "secrets.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_toml(file)
    text = str(caught.value)
    assert text.startswith(f"{file} is not ")
    assert words in text
    assert "hunter" not in text
    # Tracebacks show what an error came from.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None

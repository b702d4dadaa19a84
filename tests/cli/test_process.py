"""The process around a command: what it checks before, and what it leaves after a bug."""

import pytest

from perfectgym_source.cli.process import check_environment, report_bug
from perfectgym_source.errors import ConfigurationError


def test_certificates_that_are_not_there_are_a_setting(monkeypatch):
    check_environment()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    with pytest.raises(ConfigurationError, match=r"REQUESTS_CA_BUNDLE names /nonexistent\.pem"):
        check_environment()


@pytest.mark.parametrize("is_file", [False, True])
def test_a_traceback_goes_into_a_private_file(tmp_path, monkeypatch, is_file):
    folder = tmp_path / "data"
    if is_file:
        folder.touch()
    monkeypatch.setenv("DLT_DATA_DIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = report_bug(KeyError("s3cret"))
    assert "KeyError" in text
    assert "s3cret" not in text
    [file] = tmp_path.rglob("bug-*.txt")
    assert str(file) in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret" in file.read_text()

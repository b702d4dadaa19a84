"""What belongs to a file besides its content: owner, group, mode, access list, attributes."""

from __future__ import annotations

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)


def keep_attributes(old: Path, new: Path) -> None:
    """Give a file that takes another one's place what that one has, as far as the system lets it.

    What cannot be kept is a warning. Where the group is another one, it gets no permission but what
    everybody has: nobody gave it any.

    Args:
        old: The file that goes.
        new: The file that comes; private until now.
    """
    found = old.stat()
    mode = found.st_mode & 0o777
    lost = []
    for name, owner in (("owner", (found.st_uid, -1)), ("group", (-1, found.st_gid))):
        try:
            os.chown(new, *owner)
        except OSError:
            lost.append(name)
    if "group" in lost:
        mode &= 0o707 | (mode & 0o007) << 3
    os.chmod(new, mode)
    # The access list is among them. It can give permissions to the group: not to another one.
    for name in _attributes(old) if "group" not in lost else []:
        try:
            os.setxattr(new, name, os.getxattr(old, name))
        except OSError:
            lost.append(name)
    # The system sets these by itself.
    lost = [name for name in lost if not name.startswith("security.")]
    if lost:
        logger.warning(
            "%s: the system does not let this user keep %s of the file; set it again by hand.",
            old,
            ", ".join(lost),
        )


def _attributes(file: Path) -> list[str]:
    try:
        return os.listxattr(file)
    except (OSError, AttributeError):  # no such thing in this file system, or on macOS
        return []

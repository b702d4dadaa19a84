"""A sandbox: an HTTP server that behaves as the PerfectGym API, v1 or v2.2, with its own world.

Develop and test against it without credentials. The world is deterministic by its seed; tests
can edit it while it is read, order faults, and ask it for the truth that a complete read must
have found. It knows the API from the vendor's facts alone and imports nothing of the connector.
Sets of v2.2 (`World.sets`) show the rows of v1 where the two correspond.

Example:
    >>> with Sandbox(size="tiny", seed=1) as sandbox:
    ...     len(sandbox.world.truth("clubs"))
    4
"""

from .accounts import Account, ApiClient
from .faults import Fault
from .records import RecordedRequest
from .server import Sandbox
from .sign_in import ABSENT
from .store.pending import Pending
from .store.rows import Row
from .v22.schema import Installation
from .world import World

__all__ = [
    "ABSENT",
    "Account",
    "ApiClient",
    "Fault",
    "Installation",
    "Pending",
    "RecordedRequest",
    "Row",
    "Sandbox",
    "World",
]

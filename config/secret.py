"""The key that signs sessions and links, for those who run the embedded servers and so gave none."""

import contextlib
import os
import secrets
from pathlib import Path


def kept_key(folder: Path) -> str:
    """Made once and kept in `folder`, readable by its owner alone."""
    path = folder / "secret_key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()

"""What can go wrong around a deployment, said to the person at the terminal."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Fault(Exception):
    """Something that the person at the terminal can mend; the message says what and how.

    Unlike the services' errors it carries text: nothing here ever knows a child or a user.
    """


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the system's errors about `folder` into a Fault that says what to do next."""
    try:
        yield
    except OSError as error:
        where = error.filename or str(folder)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            message = f"The disk that holds {folder} is full. Free some space, then start again: nothing is lost."
        elif error.errno in {errno.EACCES, errno.EPERM}:
            message = (
                f"{where} belongs to another user or may not be written. "
                "Start as the user who made it, or use a folder of your own with --root."
            )
        elif error.errno == errno.EROFS:
            message = f"{where} lies on a read-only file system. Use another folder with --root."
        else:
            raise
        raise Fault(message) from error

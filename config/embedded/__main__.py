"""`python -m config.embedded FILE|-m MODULE [ARGUMENT …]` runs Python with the servers up (bin/manage, bin/test)."""

import contextlib
import runpy
import sys

from config.embedded import Postgres, ServerFailed, Valkey, running


def main() -> None:
    first, *rest = sys.argv[1:]
    if first == "--keep":
        {"postgres": Postgres, "valkey": Valkey}[rest[0]]().keep()
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(running())
        except ServerFailed as error:
            sys.exit(str(error))
        if first == "-m":
            sys.argv = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [first, *rest]
            runpy.run_path(first, run_name="__main__")


main()

"""What the process has to do with boostd, which started it: cookie, socket, handshake, standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TextIO

COOKIE = "BOOSTD_PLUGIN"
COOKIE_VALUE = "8f1c6be2a5d94c07"
PROTOCOL = 1
# The exit code of a program that a person has started: EX_USAGE.
USAGE = 64


def check_parent() -> None:
    """Ends the process when it isn't boostd that has started it, or one of another protocol."""
    if os.environ.get(COOKIE) != COOKIE_VALUE:
        print(
            "This is a handler of boostd: boostd starts it, and gives it messages.\n"
            "Name it in boostd.yaml as `plugin:` of an entry below `handlers:`, or try it\n"
            "with `boostd handlers check PATH`.",
            file=sys.stderr,
        )
        raise SystemExit(USAGE)
    versions = os.environ.get("PLUGIN_PROTOCOL_VERSIONS", str(PROTOCOL))
    if str(PROTOCOL) not in [v.strip() for v in versions.split(",")]:
        print(
            f"boostd speaks version {versions} of the protocol, this plugin version {PROTOCOL}: "
            "install the boostd_handler of the same release as boostd.",
            file=sys.stderr,
        )
        raise SystemExit(USAGE)


def take_stdout() -> TextIO:
    """Returns what is standard output now; from here on print() goes to standard error.

    What was printed before, and is still in the buffer, goes there too: boostd takes the
    first line on standard output for the handshake.
    """
    handshake = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True)
    sys.stdout.flush()
    return handshake


def socket_path() -> str:
    """A path for the socket, which nobody else has. The folder is boostd's."""
    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.gettempdir()
    fd, path = tempfile.mkstemp(prefix="plugin", dir=folder)
    os.close(fd)
    os.unlink(path)
    return path


def remove(path: str) -> None:
    """Removes the socket, unless gRPC did."""
    try:
        os.unlink(path)
    except OSError:
        pass


def shake_hands(out: TextIO, path: str) -> None:
    """Says where the plugin listens, and closes what standard output was."""
    with out:
        out.write(f"1|{PROTOCOL}|unix|{path}|grpc|\n")

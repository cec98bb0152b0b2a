"""Dagster's daemon, for as long as the page lives: `python -m orchestration.page.daemon`, as the page starts it.

The page holds the other end of its standard input. The system closes that when the page ends, however it ends: a page
that was killed leaves no daemon behind, which would go on to start refreshes.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading

PATIENCE_SECONDS = 60  # for the daemon to end by itself


def live_with_the_page() -> None:
    threading.Thread(target=end_with_the_page, daemon=True).start()


def end_with_the_page() -> None:
    while os.read(sys.stdin.fileno(), 1):  # nothing is ever sent
        pass
    # Dagster answers it like Ctrl+C, which a command in the background of a script was told to ignore.
    if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
        os._exit(1)
    last = threading.Timer(PATIENCE_SECONDS, os._exit, (1,))
    last.daemon = True
    last.start()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    live_with_the_page()
    runpy.run_module("dagster._daemon", run_name="__main__")

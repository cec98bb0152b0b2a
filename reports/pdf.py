"""A report as PDF, printed by a Chromium that is there already."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from stammkunde.errors import StammkundeError
from stammkunde.files import PUBLIC_FILE, replaced

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 120


def write_pdf(page: Path, target: Path) -> None:
    """Print a page that is a file. Raises StammkundeError without a browser, or where it cannot print."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise StammkundeError("a PDF needs Chromium or Chrome (apt-get install chromium); the HTML file needs nothing")
    with tempfile.TemporaryDirectory(prefix="stammkunde-pdf-") as folder:
        printed = Path(folder) / "report.pdf"
        command = [
            program, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run",
            f"--user-data-dir={folder}/profile", "--no-pdf-header-footer", f"--print-to-pdf={printed}",
            "--virtual-time-budget=10000", page.absolute().as_uri(),
        ]  # fmt: skip
        if os.geteuid() == 0:  # Chromium's sandbox does not run as root
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise StammkundeError(f"{program}: did not print {page} within {SECONDS} s") from error
        if not printed.exists():
            raise StammkundeError(f"{program}: did not print {page}: {done.stderr.strip()[-300:]}")
        with replaced(target) as unfinished:
            shutil.move(printed, unfinished)
            unfinished.chmod(PUBLIC_FILE)

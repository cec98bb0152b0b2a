"""Tells people that readers did not get new figures, and why: one short message to a webhook.

STAMMKUNDE_WEBHOOK holds the address (Slack, Mattermost and whatever else takes {"text": ...}); without it nothing is
sent anywhere.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException

from stammkunde.environment import without_faults
from stammkunde.hiding import WEBHOOK, hidden
from stammkunde.personal import without_emails

SHOWN = 6
# What readers have after a refresh that came to its end, and is told of all the same.
READERS = {
    "published": "Readers have new figures. Something was put right before.",
    "published without a copy": "Readers of the published file have new figures; a copy or a list could not be made.",
    "rebuilt": "The past day is in a file of its own. Something was put right before.",
}
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Failure:
    """What held a refresh back: where, in plain words, and what was found instead of what."""

    where: str
    text: str
    observed: str | None = None
    expected: str | None = None

    def __post_init__(self) -> None:
        """It is noted, shown and sent."""
        object.__setattr__(self, "text", hidden(self.text))

    def line(self) -> str:
        found = f" (found {self.observed}, expected {self.expected})" if self.observed else ""
        return f"{self.text}{found} [{self.where}]"


def message(build_id: str, outcome: str, failures: Sequence[Failure], run_id: str | None = None) -> dict[str, str]:
    """The message as Slack-compatible JSON."""
    readers = READERS.get(outcome, "Readers keep the last good figures.")
    lines = [f"*Stammkunde: refresh {outcome}.* {readers} Build {build_id}"]
    lines += [f"• {escaped(failure.line())}" for failure in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"• and {len(failures) - SHOWN} more")
    if run_id:
        lines.append(f"<{without_faults().dagster_url}/runs/{run_id}|What ran>")
    return {"text": "\n".join(lines)}


def escaped(text: str) -> str:
    """Slack's three special characters, and not more of a text than is read."""
    text = without_emails(text)
    short = text if len(text) <= 600 else text[:597] + "..."
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fault_of_webhook() -> str | None:
    """Why nobody will be told, without the address, which may hold a secret. None where all is well."""
    address = without_faults().webhook
    if address and not address.get_secret_value().startswith(("http://", "https://")):
        return "STAMMKUNDE_WEBHOOK: must be an address that begins with https:// or http://; nobody will be told"
    return None


def notify(build_id: str, outcome: str, failures: Sequence[Failure], run_id: str | None = None) -> bool:
    """Whether the message was sent. A webhook that does not answer changes nothing about the refresh."""
    address = without_faults().webhook
    if not address:
        if os.environ.get(WEBHOOK):
            print(f"the message to {WEBHOOK} was not delivered: it is no address of the web", file=sys.stderr)
        return False
    if fault_of_webhook():
        print("the message to STAMMKUNDE_WEBHOOK was not delivered: it is no address of the web", file=sys.stderr)
        return False
    body = json.dumps(message(build_id, outcome, failures, run_id)).encode()
    try:
        request = urllib.request.Request(
            address.get_secret_value(), data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return True
    except (OSError, ValueError, HTTPException) as error:
        # The address may hold a secret: it is not repeated.
        print(f"the message to STAMMKUNDE_WEBHOOK was not delivered: {type(error).__name__}", file=sys.stderr)
        return False

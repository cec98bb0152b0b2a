"""`python -m dashboard.server PORT PUBLIC` serves the pages; `stammkunde dashboard` starts it so."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from streamlit import config, net_util
from streamlit.web import bootstrap

from dashboard.start import HOST
from stammkunde.environment import base_path
from stammkunde.places import PROJECT

APP = PROJECT / "dashboard" / "app.py"
PORTS = {"http": 80, "https": 443}


def serve(port: int, public: str) -> None:
    """Serve the pages until somebody ends it. What dashboard/.streamlit/config.toml says holds, too."""
    # Whoever comes from another page makes Streamlit ask a host in the internet for this machine's own address.
    net_util._external_ip = net_util._internal_ip = HOST
    config._main_script_path = str(APP)
    bootstrap.load_config_options(options := options_of(port, public))
    bootstrap.run(str(APP), False, [], options)


def options_of(port: int, public: str) -> dict[str, object]:
    """The address stands here, too: whatever else is set, nobody outside this machine is served."""
    own = {"server_address": HOST, "server_port": port, "browser_gatherUsageStats": False}
    if not public:
        return own
    address = urlsplit(public)
    return {
        **own,
        "server_baseUrlPath": base_path(public),
        "server_allowedHosts": [HOST, "localhost", address.hostname],
        "server_corsAllowedOrigins": [f"{address.scheme}://{address.netloc}"],
        "browser_serverAddress": address.hostname,
        "browser_serverPort": address.port or PORTS[address.scheme],
    }


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])

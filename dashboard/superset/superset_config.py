"""Superset as `make superset` runs it: read by Superset itself, in its own environment (SUPERSET_CONFIG_PATH).

All that it keeps lies in one folder (SUPERSET_HOME): its SQLite database with users and dashboards, and the secret key.
Built into Superset's pages is a picture of scarf.sh, which counts visits: the content policy stops it in the browser,
before anything is sent.
"""

from __future__ import annotations

import os
from pathlib import Path

HOME = Path(os.environ["SUPERSET_HOME"])

SECRET_KEY = (HOME / "secret_key").read_text(encoding="utf-8").strip()
GUEST_TOKEN_JWT_SECRET = GLOBAL_ASYNC_QUERIES_JWT_SECRET = SECRET_KEY
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"

# The browser asks nobody but this server: no maps, no fonts, no counting of visits from elsewhere.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,  # it is served on the loopback alone
    "session_cookie_secure": False,
}
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
VIZ_TYPE_DENYLIST = [  # charts on maps that would be fetched
    "cartodiagram", "deck_arc", "deck_contour", "deck_geojson", "deck_grid", "deck_heatmap", "deck_hex", "deck_multi",
    "deck_path", "deck_polygon", "deck_scatter", "deck_screengrid", "mapbox",
]  # fmt: skip
ENABLE_CORS = False
SESSION_COOKIE_SAMESITE = "Strict"

# What is published shows on the next view: no answer is kept.
CACHE_CONFIG = DATA_CACHE_CONFIG = THUMBNAIL_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

FEATURE_FLAGS = {"ALERT_REPORTS": False, "THUMBNAILS": False, "EMBEDDED_SUPERSET": False}
LANGUAGES = {"en": {"flag": "gb", "name": "English"}, "de": {"flag": "de", "name": "Deutsch"}}
APP_NAME = "Stammkunde"
RATELIMIT_ENABLED = True  # of guesses at a password (AUTH_RATE_LIMIT), not of the many answers that a dashboard needs
RATELIMIT_APPLICATION = None
RATELIMIT_STORAGE_URI = "memory://"
LOG_LEVEL = "WARNING"

"""`python -m orchestration.page` shows Dagster's page; `stammkunde serve` starts it so."""

import sys

from orchestration.page.server import serve
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError

if __name__ == "__main__":
    try:
        given = environment()
        sys.exit(serve(given.dagster_port, given.public_address))
    except KeyboardInterrupt:
        sys.exit(0)
    except StammkundeError as error:
        sys.exit(str(error))

"""What one refresh can be asked for, on the command line only: Dagster's page starts the usual refresh."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stammkunde.dates import iso_date
from stammkunde.personal import personal_data_in


def publishable(reason: str) -> str:
    """A reason is published in marts.builds, for as long as there is a history."""
    if found := personal_data_in(reason):
        raise ValueError(f"holds {found}, and it is published: say it without")
    return reason


class RefreshRequest(BaseModel):
    """A refresh that is asked for. Without anything set it is the usual one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of_date: Annotated[str, AfterValidator(iso_date)] | None = Field(
        None, description="Rebuild the warehouse as it was known on this day, YYYY-MM-DD."
    )
    full_refresh: bool = Field(False, description="Let dbt rebuild incremental models and seeds whole.")
    accepted_build: str | None = Field(None, description="A blocked build whose failed checks may fail once more.")
    accepted_reason: Annotated[str, AfterValidator(publishable)] | None = Field(
        None, description="Why they may. It is published: no e-mail address, no phone number."
    )
    replace_shop: str | None = Field(
        None, description="The published shop whose figures are given up, where this refresh is of another shop."
    )

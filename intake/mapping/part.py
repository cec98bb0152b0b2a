"""What all parts of a mapping have in common: texts, and keys that are refused where they do not exist.

Pydantic finds missing keys and wrong shapes; what it says is put into our words by messages.py.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator

from .messages import mistake, unknown_key


def as_text(value: object, info: ValidationInfo) -> str:
    """Numbers and the like as they are written: `delimiter: 5` means the character 5."""
    if isinstance(value, dict | list):
        raise mistake(f"`{info.field_name}` must be one text")
    return str(value)


def as_texts(value: object) -> tuple[str, ...]:
    """A list, or one text for a list of one."""
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)


def as_flag(value: object, info: ValidationInfo) -> bool:
    """true or false. Mappings are read as texts, so that NO may be a word of a shop (yaml_file.py)."""
    flag = {"true": True, "false": False}.get(str(value).lower())
    if flag is None:
        raise mistake(f"`{info.field_name}` must be true or false, not '{value}'")
    return flag


Text = Annotated[str, BeforeValidator(as_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_texts)]
Flag = Annotated[bool, BeforeValidator(as_flag)]


class Part(BaseModel):
    """A part of a mapping: keys and values, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    no_dictionary: ClassVar[str]  # what to say where the part is something else

    @model_validator(mode="before")
    @classmethod
    def only_known_keys(cls, given: object) -> object:
        """Found here and not by pydantic: a typo is named before all else, with what was probably meant."""
        if not isinstance(given, dict):
            raise mistake(cls.no_dictionary)
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in given:
            if key not in known:
                raise unknown_key(str(key), known)
        return {key: value for key, value in given.items() if value is not None}

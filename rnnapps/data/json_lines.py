"""JSON Lines: one object a line."""

import json
from pathlib import Path
from typing import Any

from rnnapps.errors import UserError


def json_objects(path: Path, text: str) -> dict[int, dict[str, Any]]:
    """The objects of the lines that are not blank, by their numbers; `path` names the file in errors.

    Raises:
        UserError: a line that is not JSON, or not an object.
    """
    objects = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            objects[number] = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}:{number}: not JSON: {error.msg}") from None
        if not isinstance(objects[number], dict):
            raise UserError(f"{path}:{number}: not a JSON object")
    return objects

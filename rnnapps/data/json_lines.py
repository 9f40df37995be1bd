"""JSON objects, one a line or in an array."""

import json
from pathlib import Path
from typing import Any

from rnnapps.data.text_files import lines_of
from rnnapps.errors import UserError


def json_objects(path: Path, text: str) -> dict[int, dict[str, Any]]:
    """The objects of the lines that are not blank, by their numbers; `path` names the file in errors.

    Raises:
        UserError: a line that is not JSON, or not an object.
    """
    objects = {}
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        objects[number] = parse_json(f"{path}:{number}", line)
        if not isinstance(objects[number], dict):
            raise UserError(f"{path}:{number}: not a JSON object")
    return objects


def parse_json(where: str, text: str) -> Any:
    """The value of a JSON text; `where` names it in errors.

    Raises:
        UserError: it is not JSON, is nested too deep, or an object in it has two fields of one name.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(f"{where}: two fields are named '{twice}': keep one of them")
        return fields

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON: {error.msg}") from None
    except (RecursionError, ValueError) as error:  # the second of a number of thousands of digits
        raise UserError(f"{where}: not JSON that can be read: {error}") from None

"""What goes wrong for a reason that the user can mend."""


class UserError(Exception):
    """A failure told in one line: what, where, and what to do. The command ends with status 1."""

    status = 1


class UsageError(UserError):
    """A wrong flag or value, found before any work. The command ends with status 2."""

    status = 2


class Interrupted(UserError):
    """A training that Ctrl-C or SIGTERM ended; its checkpoint is kept."""


def require(config: object, field: str, holds: bool, allowed: str) -> None:
    """Refuse a config whose field has a value that is not allowed, naming its flag.

    Raises:
        UsageError: `holds` is false.
    """
    if not holds:
        flag = field.replace("_", "-")
        raise UsageError(f"--{flag} must be {allowed}, got {getattr(config, field)}")


def brief(error: object, limit: int = 300) -> str:
    """The text of an error, or of what one is about, in one line that is no longer than `limit`."""
    text = " ".join(str(error)[: 10 * limit].split())
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."

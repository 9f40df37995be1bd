"""What goes wrong for a reason that the user can mend."""


class UserError(Exception):
    """A failure told in one line: what, where, and what to do. The command ends with status 1."""

    status = 1


class UsageError(UserError):
    """A wrong flag or value, found before any work. The command ends with status 2."""

    status = 2

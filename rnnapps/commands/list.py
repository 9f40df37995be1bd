"""`rnnapps list`: the applications, and the bundles that are here."""

from rnnapps import bundle
from rnnapps.applications import APPLICATIONS
from rnnapps.errors import UsageError


def main(arguments: list[str]) -> None:
    """Print a line for each application and for each bundle."""
    if arguments in (["-h"], ["--help"]):
        print("usage: rnnapps list\n\nList the applications and the bundles that are here.")
        return
    if arguments:
        raise UsageError(f"list: expected nothing, got '{arguments[0]}'")
    for name, application in APPLICATIONS.items():
        print(f"{name}: {application.summary}")
        for path in bundle.shipped():
            if path.parent.name == name:
                megabytes = sum(file.lstat().st_size for file in path.iterdir()) / 1e6
                print(f"  {name}/{path.name}  {megabytes:.1f} MB  {path}")

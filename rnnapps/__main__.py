"""`python -m rnnapps` is the same as the command `rnnapps`."""

from rnnapps.commands.main import main

if __name__ == "__main__":
    main()
